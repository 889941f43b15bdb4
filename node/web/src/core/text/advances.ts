/**
 * The width of a code point, and the classes of code points that line breaking knows: the twin of
 * `node/board/src/text/advances.rs`, over the same generated data. Spread out by code point for the
 * Basic Multilingual Plane, since every letter of a board passes through here.
 */
import {
  BOLD_RUNS,
  BREAK_AFTER,
  EMOJI,
  EMOJI_ADVANCE,
  EXTEND,
  NEWLINE,
  NO_BREAK_AFTER,
  NO_BREAK_BEFORE,
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

/** Bits of `classOf`. */
export const IS_SPACE = 1
export const IS_NEWLINE = 2
/** Belongs to the code point before it and takes no room of its own. */
export const IS_EXTENDING = 4
/** An ideograph or a picture: a line may break on either side. */
export const IS_WIDE = 8
export const IS_RTL = 16
/** Never at the start of a line. */
export const KEEPS_BEFORE = 32
/** Never at the end of a line. */
export const KEEPS_AFTER = 64
/** Joins the parts of a word; a line may break after it, between letters. */
export const BREAKS_AFTER = 128

const PLANE = 0x10000
const classes = new Uint8Array(PLANE)
const [regular, bold] = [RUNS, BOLD_RUNS].map((runs) => {
  const table = new Uint16Array(PLANE).fill(OTHER_ADVANCE)
  for (const [first, last] of WIDE) table.fill(WIDE_ADVANCE, first, last + 1)
  table[0x3000] = WIDE_ADVANCE
  for (const [first, run] of runs) table.set(run, first)
  return table
}) as [Uint16Array, Uint16Array]

const covered = new Uint8Array(PLANE)
for (const [first, run] of RUNS) covered.fill(1, first, first + run.length)

mark(IS_SPACE, SPACE)
mark(IS_NEWLINE, NEWLINE)
mark(IS_EXTENDING, EXTEND)
mark(IS_EXTENDING, indicMarks())
mark(IS_WIDE, WIDE)
mark(IS_RTL, RTL)
mark(KEEPS_BEFORE, singles(NO_BREAK_BEFORE))
mark(KEEPS_AFTER, singles(NO_BREAK_AFTER))
mark(BREAKS_AFTER, singles(BREAK_AFTER))

for (let code = 0; code < PLANE; code++) if (hasNoRoom(code)) regular[code] = bold[code] = 0
for (const table of [regular, bold]) table[0x09] = TAB_SPACES * (table[0x20] ?? 0)

/** The advance of a code point by itself, in font units. What extends another has none. */
export function advance(code: number, isBold = false): number {
  if (code < PLANE) return (isBold ? bold : regular)[code] ?? 0
  if (within(EXTEND, code)) return 0
  if (isEmoji(code)) return EMOJI_ADVANCE
  return within(WIDE, code) ? WIDE_ADVANCE : OTHER_ADVANCE
}

/** Whether the board's font can draw a code point of the Basic Multilingual Plane. */
export function isInTable(code: number): boolean {
  return covered[code] === 1 || (classes[code] ?? 0) === IS_EXTENDING
}

export function classOf(code: number): number {
  if (code < PLANE) return classes[code] ?? 0
  if (within(EXTEND, code)) return IS_EXTENDING
  if (isEmoji(code) || within(WIDE, code)) return IS_WIDE
  return within(RTL, code) ? IS_RTL : 0
}

/**
 * A letter that is written from left to right: the first such letter or the first of `IS_RTL` gives a paragraph its
 * direction.
 */
export function isLtr(code: number): boolean {
  const isSign =
    (code >= 0x2000 && code <= 0x2bff) ||
    (code >= 0x3000 && code <= 0x303f) ||
    (code >= 0xfe00 && code <= 0xfe0f) ||
    (code >= 0x1f000 && code < 0x20000)
  const isLetter = (code >= 0x41 && code <= 0x5a) || (code >= 0x61 && code <= 0x7a) || code >= 0xc0
  return isLetter && !isSign && (classOf(code) & (IS_RTL | IS_EXTENDING)) === 0
}

export function isRegionalIndicator(code: number): boolean {
  return code >= REGIONAL_INDICATOR[0] && code <= REGIONAL_INDICATOR[1]
}

/** What a zero-width joiner may tie into one picture. */
export function isPictograph(code: number): boolean {
  return within(PICTOGRAPH, code) || within(EMOJI, code)
}

function isEmoji(code: number): boolean {
  return isRegionalIndicator(code) || within(EMOJI, code)
}

/** Control characters take no room either, and are no break. */
function hasNoRoom(code: number): boolean {
  const isControl = code < 0x20 || (code >= 0x7f && code <= 0x9f)
  return isControl || code === 0x200b || (classOf(code) & IS_EXTENDING) !== 0
}

/** The marks of the Indic blocks lie alike in each. */
function indicMarks(): Range[] {
  const marks: Range[] = []
  for (let block = 0x900; block <= 0xd00; block += 0x80) {
    for (const [first, last] of [
      [0x00, 0x03],
      [0x3a, 0x3c],
      [0x3e, 0x4d],
      [0x51, 0x57],
      [0x62, 0x63],
    ] as const) {
      marks.push([block + first, block + last])
    }
  }
  return marks
}

function singles(codes: readonly number[]): Range[] {
  return codes.map((code) => [code, code])
}

function mark(bit: number, ranges: readonly Range[]): void {
  for (const [first, last] of ranges) {
    for (let code = first; code <= last && code < PLANE; code++) classes[code] = (classes[code] ?? 0) | bit
  }
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
