/** What is done to a board from its card. It shows at once, and is put back if the server refuses. */

import * as api from '../../api/client'
import { removeMember } from '../../api/sharing'
import { confirmed, isMeant, NotConfirmed } from '../confirm'
import { showToast } from '../parts/toasts'
import { problemText } from '../problem'
import { strings } from '../strings'
import type { CardActions } from './board-card'
import type { BoardList } from './board-list'

export function failed(text: string, failure: unknown): void {
  if (failure instanceof NotConfirmed) return
  showToast({ text: `${text}: ${problemText(failure)}` })
}

/** `share` opens the dialog; `me` is the id of who does it. */
export function cardActions(
  list: BoardList,
  me: string | null,
  share: (board: api.Board) => void,
): CardActions {
  const words = strings.toast
  const section = () => list.state.get().view.section

  async function rename(board: api.Board, title: string): Promise<void> {
    list.put({ ...board, title })
    try {
      const { title: named, updatedAt } = await api.renameBoard(board.id, title)
      list.put({ ...board, title: named, updatedAt })
    } catch (failure) {
      list.put(board)
      failed(words.renameFailed, failure)
    }
  }
  async function trash(board: api.Board): Promise<void> {
    list.remove(board.id)
    try {
      await api.trashBoard(board.id)
      const undo = { label: strings.undo, testId: 'toast-undo', run: () => void restore(board) }
      showToast({ text: words.trashed(board.title), action: undo })
    } catch (failure) {
      list.put(board)
      failed(words.trashFailed(board.title), failure)
    }
  }
  async function restore(board: api.Board): Promise<void> {
    const inTrash = section() === 'trash'
    if (inTrash) list.remove(board.id)
    try {
      const restored = await api.restoreBoard(board.id)
      if (!inTrash) list.put({ ...board, ...restored, owner: board.owner })
      showToast({ text: words.restored(restored.title) })
      list.refresh()
    } catch (failure) {
      if (inTrash) list.put(board)
      failed(words.restoreFailed(board.title), failure)
    }
  }
  async function purge(board: api.Board): Promise<void> {
    const { purgeTitle, purgeText, purge: action } = strings.start
    if (!(await isMeant({ title: purgeTitle(board.title), text: purgeText, action, danger: true }))) return
    try {
      await confirmed(() => api.purgeBoard(board.id))
      list.remove(board.id)
    } catch (failure) {
      failed(words.trashFailed(board.title), failure)
    }
  }
  async function star(board: api.Board, starred: boolean): Promise<void> {
    if (!starred && section() === 'starred') list.remove(board.id)
    else list.put({ ...board, starred })
    try {
      await (starred ? api.starBoard(board.id) : api.unstarBoard(board.id))
    } catch (failure) {
      list.put(board)
      failed(words.starFailed, failure)
    }
  }
  async function copy(board: api.Board): Promise<void> {
    try {
      const made = await api.copyBoard(board.id)
      showToast({ text: words.copied(made.title) })
      list.refresh()
    } catch (failure) {
      failed(words.copyFailed(board.title), failure)
    }
  }
  async function archive(board: api.Board, archived: boolean): Promise<void> {
    list.remove(board.id)
    try {
      await (archived ? api.archiveBoard(board.id) : api.unarchiveBoard(board.id))
      const undo = { label: strings.undo, testId: 'toast-undo', run: () => void undoArchive(board, archived) }
      showToast({ text: (archived ? words.archived : words.unarchived)(board.title), action: undo })
    } catch (failure) {
      list.put(board)
      failed(words.archiveFailed(board.title), failure)
    }
  }
  async function undoArchive(board: api.Board, archived: boolean): Promise<void> {
    try {
      await (archived ? api.unarchiveBoard(board.id) : api.archiveBoard(board.id))
      list.put(board)
    } catch (failure) {
      failed(words.archiveFailed(board.title), failure)
    }
  }
  async function leave(board: api.Board): Promise<void> {
    if (me === null) return
    const { leaveTitle, leaveText, leave: action } = strings.share
    if (!(await isMeant({ title: leaveTitle, text: leaveText, action, danger: true }))) return
    try {
      await removeMember(board.id, me)
      list.remove(board.id)
    } catch (failure) {
      failed(words.leaveFailed(board.title), failure)
    }
  }
  return {
    rename: (board, title) => void rename(board, title),
    trash: (board) => void trash(board),
    restore: (board) => void restore(board),
    purge: (board) => void purge(board),
    star: (board, starred) => void star(board, starred),
    copy: (board) => void copy(board),
    archive: (board, archived) => void archive(board, archived),
    share,
    leave: (board) => void leave(board),
  }
}
