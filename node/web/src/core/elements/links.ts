/** The link whose letters lie under a place of the board. */
import type { Editor } from '../editor-api'
import { toBoxFrame, type Point } from '../geometry/box'
import { LINE_HEIGHT, UNITS_PER_EM } from '../text'
import { isSeenAt } from '../scene'
import { frameOf, hasText, hitElement } from '.'
import { labelBox } from './connector'
import { blockOf } from './words'

export function linkUnder(editor: Editor, at: Point): string | null {
  const order = editor.scene.order()
  const top = order.findLast((entry) => hitElement(entry.element, at, 0) && isSeenAt(entry, at))?.element
  if (!top || !hasText(top) || top.runs === undefined) return null
  const block = blockOf(top)
  const place = toBoxFrame(at, top.type === 'connector' ? labelBox(top) : frameOf(top))
  const height = (block.fontSize * LINE_HEIGHT) / UNITS_PER_EM
  for (const line of block.lines) {
    if (place.y > line.baseline + height * 0.3 || place.y < line.baseline - height * 0.7) continue
    const word = line.words.find((one) => place.x >= one.x && place.x <= one.x + one.width)
    if (!word) continue
    return top.runs.find((run) => run.start <= word.start && run.end > word.start)?.marks.link ?? null
  }
  return null
}
