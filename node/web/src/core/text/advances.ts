/**
 * The width of a code point, and the classes of code points that line breaking knows: the twin of
 * `node/board/src/text/advances.rs`, over the same generated data.
 */
import {
  EMOJI,
  EMOJI_ADVANCE,
  EXTEND,
  NEWLINE,
  OTHER_ADVANCE,
  PICTOGRAPH,
  REGIONAL_INDICATOR,
  RTL,
  RUNS,
  SPACE,
  TAB_SPACES,
  WIDE,
  WIDE_ADVANCE,
} from './advances.gen'
import type { Range } from './advances.gen'

const ABSENT = 0xffff

/** Advances by code point, up to the last of the Basic Multilingual Plane; `ABSENT` where the font has none. */
const table = new Uint16Array(0x10000).fill(ABSENT)
for (const [first, advances] of RUNS) table.set(advances, first)

/** The advance of a code point by itself, in font units. What extends another has none. */
export function advance(code: number): number {
  if (code === 0x09) return TAB_SPACES * advance(0x20)
  if (isControl(code) || code === 0x200b || extendsCluster(code)) return 0
  const units = table[code] ?? ABSENT
  if (units !== ABSENT) return units
  if (isEmoji(code)) return EMOJI_ADVANCE
  if (code === 0x3000 || isWide(code)) return WIDE_ADVANCE
  return OTHER_ADVANCE
}

/** Whether the font of the board can draw this code point. */
export function isInTable(code: number): boolean {
  return (table[code] ?? ABSENT) !== ABSENT
}

/** Belongs to the code point before it and takes no room of its own. */
export function extendsCluster(code: number): boolean {
  if (code < 0x300) return code === 0xad
  if (code >= 0x900 && code <= 0xd7f) {
    const place = code & 0x7f
    return (
      place <= 0x03 ||
      (place >= 0x3a && place <= 0x3c) ||
      (place >= 0x3e && place <= 0x4d) ||
      (place >= 0x51 && place <= 0x57) ||
      (place >= 0x62 && place <= 0x63)
    )
  }
  return within(EXTEND, code)
}

/** Control characters take no room and are no break; tabs and newlines are told apart before. */
export function isControl(code: number): boolean {
  return code < 0x20 || (code >= 0x7f && code <= 0x9f)
}

export function isSpace(code: number): boolean {
  if (code < 0x1680) return code === 0x20 || code === 0x09
  return within(SPACE, code)
}

export function isNewline(code: number): boolean {
  if (code < 0x2028) return (code >= 0x0a && code <= 0x0d) || code === 0x85
  return within(NEWLINE, code)
}

export function isEmoji(code: number): boolean {
  return code >= 0x1f000 && (isRegionalIndicator(code) || within(EMOJI, code))
}

export function isRegionalIndicator(code: number): boolean {
  return code >= REGIONAL_INDICATOR[0] && code <= REGIONAL_INDICATOR[1]
}

export function isPictograph(code: number): boolean {
  return within(PICTOGRAPH, code) || within(EMOJI, code)
}

/** Between ideographs a line may break anywhere. */
export function isWide(code: number): boolean {
  return code >= 0x1100 && within(WIDE, code)
}

export function isRtl(code: number): boolean {
  return code >= 0x590 && within(RTL, code)
}

/** Holds in `ranges`, which are sorted and apart. */
function within(ranges: readonly Range[], code: number): boolean {
  let low = 0
  let high = ranges.length
  while (low < high) {
    const middle = (low + high) >> 1
    const range = ranges[middle]
    if (range === undefined || code < range[0]) high = middle
    else if (code > range[1]) low = middle + 1
    else return true
  }
  return false
}
