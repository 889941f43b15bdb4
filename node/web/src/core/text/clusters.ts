/**
 * Text cut into clusters, the smallest pieces that a line break may separate: the twin of
 * `node/board/src/text/clusters.rs`, which says why the rule is what it is. Kept as columns of
 * numbers: a large board has millions of letters.
 */
import {
  advance,
  BREAKS_AFTER,
  classOf,
  IS_EXTENDING,
  IS_RTL,
  IS_SPACE,
  IS_WIDE,
  isPictograph,
  isRegionalIndicator,
  KEEPS_AFTER,
  KEEPS_BEFORE,
} from './advances'
import { EMOJI_ADVANCE } from './advances.gen'
import { BOLD } from './runs'

const VARIATION_EMOJI = 0xfe0f
const KEYCAP = 0x20e3
const ZERO_WIDTH_JOINER = 0x200d
const REPLACEMENT = 0xfffd

/** A paragraph in clusters; the columns have one entry for each. */
export interface Clusters {
  readonly count: number
  /** UTF-16 code units of the text; one entry more than `count`, the end of the last. */
  readonly starts: Int32Array
  /** Font units. */
  readonly advances: Uint16Array
  /** Of the first code point (see `classOf`); `IS_WIDE` also where a selector makes a picture, `IS_RTL` also of marks. */
  readonly classes: Uint8Array
  /** Of the first code unit; null where all is plain. */
  readonly styles: Uint8Array | null
  /** 1 where a line may break before it; after a space it may in any case. */
  readonly mayBreak: Uint8Array
}

/** Cuts `text` between `start` and `end`, a paragraph without newlines; `unitStyles` has one for each of its code units. */
export function clusters(text: string, start: number, end: number, unitStyles: Uint8Array | null): Clusters {
  const styles = unitStyles && new Uint8Array(end - start)
  const starts = new Int32Array(end - start + 1)
  const advances = new Uint16Array(end - start)
  const classes = new Uint8Array(end - start)
  let count = 0
  let base = 0
  let previous = 0
  for (let at = start; at < end;) {
    const code = codeAt(text, at)
    const own = classOf(code)
    const last = count - 1
    // What joins is never plain ASCII, and nothing joins a space.
    const joins =
      code >= 0x80 &&
      count > 0 &&
      ((classes[last] ?? 0) & IS_SPACE) === 0 &&
      ((own & IS_EXTENDING) !== 0 ||
        (previous === ZERO_WIDTH_JOINER
          ? isPictograph(base) && isPictograph(code)
          : // A regional indicator is two code units: a flag is complete with the second.
            isRegionalIndicator(code) && isRegionalIndicator(base) && at - (starts[last] ?? 0) === 2))
    if (!joins) {
      starts[count] = at
      if (styles && unitStyles) {
        const style = unitStyles[at - start] ?? 0
        styles[count] = style
        advances[count] = advance(code, (style & BOLD) !== 0)
      } else advances[count] = advance(code)
      classes[count] = own
      base = code
      count++
    } else {
      const isPicture = code === VARIATION_EMOJI || code === KEYCAP
      classes[last] = (classes[last] ?? 0) | (own & IS_RTL) | (isPicture ? IS_WIDE : 0)
      if (isPicture) advances[last] = EMOJI_ADVANCE
    }
    previous = code
    at += code > 0xffff ? 2 : 1
  }
  starts[count] = end
  return { count, starts, advances, classes, styles, mayBreak: breaksOf(text, count, starts, classes) }
}

/** A lone surrogate counts as the replacement character that the server reads in its place. */
export function codeAt(text: string, at: number): number {
  const code = text.codePointAt(at) ?? REPLACEMENT
  return code >= 0xd800 && code <= 0xdfff ? REPLACEMENT : code
}

function breaksOf(text: string, count: number, starts: Int32Array, classes: Uint8Array): Uint8Array {
  const mayBreak = new Uint8Array(count)
  for (let at = 1; at < count; at++) {
    const before = classes[at - 1] ?? 0
    const next = classes[at] ?? 0
    if (((before | next) & IS_SPACE) !== 0 || (next & KEEPS_BEFORE) !== 0 || (before & KEEPS_AFTER) !== 0)
      continue
    if (((before | next) & IS_WIDE) !== 0) {
      mayBreak[at] = 1
      continue
    }
    if ((before & BREAKS_AFTER) === 0 || (next & BREAKS_AFTER) !== 0 || at < 2) continue
    const earlier = classes[at - 2] ?? 0
    const digit = text.charCodeAt(starts[at] ?? 0) - 0x30
    if ((earlier & (IS_SPACE | BREAKS_AFTER)) === 0 && !(digit >= 0 && digit <= 9)) mayBreak[at] = 1
  }
  return mayBreak
}
