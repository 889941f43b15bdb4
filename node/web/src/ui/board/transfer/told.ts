/** What is said of what finds no room: nothing is left out without a word. */
import type { Editor, Pasted } from '../../../core/editor-api'
import { frameOf } from '../../../core/elements'
import type { ElementId } from '../../../core/elements/types'
import type { Point } from '../../../core/geometry/box'
import { ELEMENTS_MAX, TEXT_LENGTH_MAX } from '../../../core/schema.gen'
import type { RichText } from '../../../core/text'
import { showToast } from '../../parts/toasts'
import { strings } from '../../strings'

const BESIDE = 360

export function tellOfElements({ leftOut }: Pasted): void {
  if (leftOut > 0) tellOfFullBoard(leftOut)
}

/** Of whatever was drawn, pasted or copied. */
export function tellOfFullBoard(leftOut: number): void {
  showToast({ text: strings.transfer.full(ELEMENTS_MAX, leftOut) })
}

export function tellOfText({ parts, leftOut }: Pasted): void {
  if (leftOut > 0) showToast({ text: strings.transfer.cutText(leftOut) })
  else if (parts > 1) showToast({ text: strings.transfer.inParts(parts) })
}

/** Of what is typed. */
export function tellFull(): void {
  showToast({ text: strings.transfer.textFull(TEXT_LENGTH_MAX) })
}

/** Of what is pasted into a text: it can stand beside it. */
export function offerRest(editor: Editor, id: ElementId, rest: RichText): void {
  const words = strings.transfer
  const run = () => {
    editor.endTextEdit()
    tellOfText(editor.placeText(rest, beside(editor, id)))
  }
  showToast({
    text: words.didNotFit(rest.text.length),
    action: { label: words.putBeside, testId: 'put-beside', run },
  })
}

function beside(editor: Editor, id: ElementId): Point | undefined {
  const element = editor.element(id)
  if (!element) return undefined
  const { x, y, w, h } = frameOf(element)
  return { x: x + w + BESIDE, y: y + h / 2 }
}
