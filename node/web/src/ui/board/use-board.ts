/** What the server says about a board beside its content: its title, and whether it is there at all. */

import { useCallback, useEffect, useRef, useState } from 'react'
import type { Board } from '../../api/client'
import { getBoard, renameBoard, restoreBoard } from '../../api/client'
import { showToast } from '../parts/toasts'
import { isNotFound, isUnauthorized, problemText } from '../problem'
import { strings } from '../strings'
import { keptTitle, keepTitle } from './titles'

export type BoardInfo =
  | { readonly at: 'loading' }
  | { readonly at: 'known'; readonly board: Board }
  | { readonly at: 'missing' }
  /** What speaks for this tab does so no longer. */
  | { readonly at: 'ended' }
  /** No answer: what this browser keeps of the board is shown under the title it last had. */
  | { readonly at: 'unreachable'; readonly title: string | null }

export interface UseBoard {
  readonly info: BoardInfo
  readonly rename: (title: string) => void
  readonly restore: () => Promise<boolean>
  /** Asks again at once. */
  readonly refresh: () => void
  /** Takes what a write answered. */
  readonly learn: (board: Board) => void
}

const REFRESH_EVERY_MS = 10_000

/** `owner`: whom what this browser keeps belongs to. */
export function useBoard(id: string, owner: string): UseBoard {
  const [info, setInfo] = useState<BoardInfo>({ at: 'loading' })
  // An answer that was asked for before a rename would undo it on the screen.
  const writes = useRef(0)

  const again = useRef(() => {})

  const learn = useCallback(
    (board: Board) => {
      keepTitle(owner, board.id, board.title)
      setInfo({ at: 'known', board })
    },
    [owner],
  )

  useEffect(() => {
    let over = false
    const ask = async () => {
      const before = writes.current
      try {
        const board = await getBoard(id)
        if (!over && before === writes.current) learn(board)
      } catch (failure) {
        if (over) return
        if (isNotFound(failure)) setInfo({ at: 'missing' })
        else if (isUnauthorized(failure)) setInfo({ at: 'ended' })
        else setInfo((now) => (now.at === 'known' ? now : { at: 'unreachable', title: keptTitle(owner, id) }))
      }
    }
    const refresh = () => {
      if (document.visibilityState === 'visible') void ask()
    }
    again.current = () => void ask()
    void ask()
    const timer = setInterval(refresh, REFRESH_EVERY_MS)
    window.addEventListener('focus', refresh)
    return () => {
      over = true
      clearInterval(timer)
      window.removeEventListener('focus', refresh)
    }
  }, [id, owner, learn])

  const rename = useCallback(
    (title: string) => {
      writes.current += 1
      const before = info
      if (before.at === 'known') setInfo({ at: 'known', board: { ...before.board, title } })
      renameBoard(id, title).then(
        // The answer to a write knows the title, and less than all of the rest.
        (named) => learn(before.at === 'known' ? { ...before.board, title: named.title } : named),
        (failure: unknown) => {
          setInfo(before)
          showToast({ text: `${strings.toast.renameFailed}: ${problemText(failure)}` })
        },
      )
    },
    [id, info, learn],
  )

  const restore = useCallback(async () => {
    writes.current += 1
    try {
      learn(await restoreBoard(id))
      return true
    } catch (failure) {
      showToast({ text: problemText(failure) })
      return false
    }
  }, [id, learn])

  const refresh = useCallback(() => again.current(), [])
  return { info, rename, restore, refresh, learn }
}
