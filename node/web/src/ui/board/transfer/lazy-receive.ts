/** What is pasted or dropped is read at once, since it is gone with its event; what it becomes is code that is fetched. */
import type { ClipboardPayload, Editor } from '../../../core/editor-api'
import type { Point } from '../../../core/geometry/box'
import { lazyCode } from '../../quiet'
import type { Uploads } from '../images/uploads'

export const ELEMENTS_TYPE = 'application/x-easel-elements+json'

export interface Desk {
  readonly board: string
  readonly editor: Editor
  readonly uploads: Uploads
}

export interface Brought {
  /** Elements of ours. */
  readonly own: string
  readonly plain: string
  readonly html: string
  readonly files: readonly File[]
}

const receiving = lazyCode(() => import('./receive'))

/** `at`: in the world; left out, near the originals or mid-view. */
export function receive(desk: Desk, data: DataTransfer, at?: Point): void {
  const brought: Brought = {
    own: data.getData(ELEMENTS_TYPE),
    plain: data.getData('text/plain'),
    html: data.getData('text/html'),
    files: [...data.files],
  }
  receiving.use((part) => part.receive(desk, brought, at))
}

export function pasteOwn(desk: Desk, payload: ClipboardPayload): void {
  receiving.use((part) => void part.pasteOwn(desk, payload))
}
