/**
 * Formats inside a text: the twin of `node/board/src/text/runs.rs`, which says what the attributes of the document mean.
 */

/** How letters are drawn, as bits. */
export const BOLD = 1
export const ITALIC = 2
export const UNDERLINE = 4
export const STRIKE = 8
/** Drawn as underlined. */
export const LINK = 16

export type ListKind = 'bullet' | 'number'

/** What a letter can carry; a key that is not there is off. */
export interface Marks {
  readonly bold?: true
  readonly italic?: true
  readonly underline?: true
  readonly strike?: true
  readonly link?: string
  readonly list?: ListKind
}

export const MARK_NAMES = ['bold', 'italic', 'underline', 'strike', 'link', 'list'] as const
export type MarkName = (typeof MARK_NAMES)[number]

/** A stretch of a text with a format, in UTF-16 code units; runs are in order and apart, what lies between is plain. */
export interface TextRun {
  readonly start: number
  readonly end: number
  readonly marks: Marks
}

export const NO_RUNS: readonly TextRun[] = []

/** A text with formats, as a value of an element's `text`. */
export interface RichText {
  readonly text: string
  readonly runs: readonly TextRun[]
}

const LINK_SCHEME = /^(https?|mailto):[^\s\p{Cc}]*$/iu
const LINK_LENGTH_MAX = 2048

/** Whether an address may be a link. */
export function isLink(address: unknown): address is string {
  return typeof address === 'string' && address.length <= LINK_LENGTH_MAX && LINK_SCHEME.test(address)
}

/** The known formats among attributes that anybody may have written; undefined without any. */
export function marksFrom(attributes: unknown): Marks | undefined {
  if (typeof attributes !== 'object' || attributes === null) return undefined
  const given = attributes as { readonly [key: string]: unknown }
  const marks: { -readonly [Key in keyof Marks]: Marks[Key] } = {}
  if (given['bold'] === true) marks.bold = true
  if (given['italic'] === true) marks.italic = true
  if (given['underline'] === true) marks.underline = true
  if (given['strike'] === true) marks.strike = true
  if (isLink(given['link'])) marks.link = given['link']
  if (given['list'] === 'bullet' || given['list'] === 'number') marks.list = given['list']
  return Object.keys(marks).length > 0 ? marks : undefined
}

export function styleBits({ bold, italic, underline, strike, link }: Marks): number {
  return (
    (bold ? BOLD : 0) |
    (italic ? ITALIC : 0) |
    (underline ? UNDERLINE : 0) |
    (strike ? STRIKE : 0) |
    (link === undefined ? 0 : LINK)
  )
}

/** The style of each code unit between two places; null where all is plain. */
export function stylesOf(runs: readonly TextRun[], start: number, end: number): Uint8Array | null {
  let styles: Uint8Array | null = null
  for (const run of runs) {
    const bits = styleBits(run.marks)
    if (bits === 0 || run.end <= start || run.start >= end) continue
    styles ??= new Uint8Array(end - start)
    styles.fill(bits, Math.max(0, run.start - start), Math.min(end, run.end) - start)
  }
  return styles
}

/**
 * Of which list the paragraph from `start` to `end` is an item; `next` is where the one after it starts, null at the end.
 */
export function listOf(
  runs: readonly TextRun[],
  start: number,
  end: number,
  next: number | null,
): ListKind | null {
  const from = next === null && start === end ? start - 1 : start
  const to = next ?? end
  for (const run of runs) {
    if (run.marks.list !== undefined && run.start < to && run.end > from) return run.marks.list
  }
  return null
}

/** The letters of a Y.Text's delta, with the formats that this version knows; what is embedded counts for nothing. */
export function richFromDelta(delta: readonly unknown[]): RichText {
  const runs: TextRun[] = []
  let text = ''
  for (const op of delta) {
    if (typeof op !== 'object' || op === null || !('insert' in op) || typeof op.insert !== 'string') continue
    const marks = 'attributes' in op ? marksFrom(op.attributes) : undefined
    if (marks) runs.push({ start: text.length, end: text.length + op.insert.length, marks })
    text += op.insert
  }
  return { text, runs: runs.length > 0 ? runs : NO_RUNS }
}

/** A text as the document's deltas say it, or as another client's preview does; plain text is a string. */
export function readRich(value: unknown): RichText {
  if (typeof value === 'string') return { text: value, runs: NO_RUNS }
  if (typeof value !== 'object' || value === null || !('text' in value) || typeof value.text !== 'string')
    return { text: '', runs: NO_RUNS }
  const given: unknown[] = 'runs' in value && Array.isArray(value.runs) ? value.runs : []
  let last = 0
  const runs = given.flatMap((one): TextRun[] => {
    if (typeof one !== 'object' || one === null) return []
    const { start, end, marks } = one as { start?: unknown; end?: unknown; marks?: unknown }
    const known = marksFrom(marks)
    if (known === undefined || !Number.isInteger(start) || !Number.isInteger(end)) return []
    const run = { start: Number(start), end: Number(end), marks: known }
    if (run.start < last || run.end <= run.start) return []
    last = run.end
    return [run]
  })
  return { text: value.text, runs: runs.length > 0 ? runs : NO_RUNS }
}
