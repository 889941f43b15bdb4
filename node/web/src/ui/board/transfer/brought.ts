/** What is pasted or dropped is read at once, since it is gone with its event. */
import type { ClipboardPayload, Editor } from '../../../core/editor-api'
import type { Point } from '../../../core/geometry/box'
import type { Uploads } from '../images/uploads'
import { pasteOwn as pasteAdopted, receive as receiveBrought } from './receive'

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

/** `at`: in the world; left out, near the originals or mid-view. */
export function receive(desk: Desk, data: DataTransfer, at?: Point): void {
  const brought: Brought = {
    own: data.getData(ELEMENTS_TYPE),
    plain: data.getData('text/plain'),
    html: data.getData('text/html'),
    files: [...data.files],
  }
  receiveBrought(desk, brought, at)
}

export function pasteOwn(desk: Desk, payload: ClipboardPayload): void {
  void pasteAdopted(desk, payload)
}
