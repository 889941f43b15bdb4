/** Where the text of an element is written, for the field it is edited in. */
import type { TextFrame } from './editor-api'
import { frameOf, hasText } from './elements'
import type { Element } from './elements/types'
import { labelBox } from './elements/connector'
import { blockOf, textAreaOf } from './elements/words'
import { BASELINE, LINE_HEIGHT, UNITS_PER_EM } from './text'
import { NO_RUNS } from './text/runs'

export function textFrameOf(element: Element | undefined): TextFrame | null {
  if (!element || !hasText(element)) return null
  const frame = element.type === 'connector' ? labelBox(element) : frameOf(element)
  const { fontSize, lines } = blockOf(element)
  return {
    id: element.id,
    text: element.text,
    runs: element.runs ?? NO_RUNS,
    lines,
    baseline: (fontSize * BASELINE) / UNITS_PER_EM,
    area: textAreaOf(element, frame),
    element: frame,
    fontSize,
    lineHeight: (fontSize * LINE_HEIGHT) / UNITS_PER_EM,
    align: element.type === 'connector' ? 'center' : element.style.align,
    valign: element.type === 'text' || element.type === 'connector' ? 'top' : element.style.valign,
    color: element.style.text_color,
    fill: element.style.fill,
    wraps: element.type === 'text' ? !element.style.auto_width : element.type !== 'connector',
  }
}
