/** Signing out: what this browser keeps of the person goes, after they were offered what the server never got. */

import { Download } from 'lucide-react'
import { account } from '../api/browser-session'
import { createStore } from '../core/store'
import type { Unsent } from '../sync/unsent'
import { forgetTitles, keptTitle } from './board/titles'
import { Dialog } from './parts/dialog'
import { Glyph } from './parts/glyph'
import { showToast } from './parts/toasts'
import { problemText } from './problem'
import { navigate } from './router'
import { paths } from './routes'
import { strings } from './strings'
import { useStore } from './use-store'
import { ownerOf } from './who'

type Choice = 'download' | 'drop' | 'stay'

interface Leaving {
  readonly unsent: readonly Unsent[]
  readonly owner: string
  readonly answer: (choice: Choice) => void
}

const leaving = createStore<Leaving | null>(null)

/** `all`: everywhere else as well. */
export async function leaveThisBrowser(of: 'this' | 'all'): Promise<void> {
  const owner = ownerOf(account.standing.get())
  // It knows Yjs, which the pages around the boards do without.
  const { unsent: store } = await import('./board/board-page')
  const unsent = await store.readUnsent(owner)
  if (unsent.length > 0) {
    const choice = await new Promise<Choice>((answer) => leaving.set({ unsent, owner, answer }))
    leaving.set(null)
    if (choice === 'stay') return
    if (choice === 'download') store.downloadUnsent(unsent)
  }
  try {
    await account.signOut(of)
  } catch (failure) {
    showToast({ text: `${strings.signOut.failed}: ${problemText(failure)}` })
    return
  }
  await forgetPerson(owner)
  navigate(paths.boards)
}

/** Everything of them that lies in this browser. */
export async function forgetPerson(owner: string): Promise<void> {
  const { unsent: store } = await import('./board/board-page')
  forgetTitles(owner)
  await store.deleteOffline(owner)
}

export function SignOutLayer() {
  const open = useStore(leaving, (value) => value)
  if (open === null) return null
  const { unsent, owner, answer } = open
  const words = strings.signOut
  return (
    <Dialog title={words.title} testId="sign-out-unsent" onClose={() => answer('stay')}>
      <p className="dialog__text">{words.text(unsent.length)}</p>
      <ul className="plain-list">
        {unsent.map(({ board }) => (
          <li key={board}>{keptTitle(owner, board) ?? strings.untitled}</li>
        ))}
      </ul>
      <div className="dialog__foot">
        <button type="button" className="button button--ghost" onClick={() => answer('stay')}>
          {words.stay}
        </button>
        <button
          type="button"
          className="button button--danger-quiet"
          data-testid="sign-out-drop"
          onClick={() => answer('drop')}
        >
          {words.drop}
        </button>
        <button
          type="button"
          className="button button--primary"
          data-testid="sign-out-download"
          onClick={() => answer('download')}
        >
          <Glyph icon={Download} size={16} />
          {words.download}
        </button>
      </div>
    </Dialog>
  )
}
