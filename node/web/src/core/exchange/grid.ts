/** Cells of a spreadsheet, as it puts them on the clipboard, and notes in a grid made of them. */
import type { ClipboardPayload } from '../editor-api'
import { STICKY_SIZE } from '../elements/make'
import { TEXT_LENGTH_MAX } from '../schema.gen'
import { NOTES_MAX } from '../sticky-flow'
import { payloadFrom, textJson } from './payload'

export type Grid = readonly (readonly string[])[]

const GAP = 20
const LENGTH_MAX = 2_000_000
/** More than this are not notes any more, and are not even split up. */
const CELLS_MAX = 2_000
const CELL_LENGTH_MAX = 20_000

/** Null when it is no grid: text with a tab in it somewhere is most likely code. */
export function gridOfTsv(text: string): Grid | null {
  if (text.length > LENGTH_MAX || !text.includes('\t')) return null
  const rows = rowsOf(text.replaceAll('\r\n', '\n').replace(/\n$/, ''))
  const width = rows[0]?.length ?? 0
  return width > 1 && rows.every((row) => row.length === width) ? rows : null
}

/** Cells in quotes may hold tabs, line breaks and doubled quotes. */
function rowsOf(text: string): string[][] {
  const rows: string[][] = [[]]
  let at = 0
  let cells = 0
  while (at <= text.length) {
    if (++cells > CELLS_MAX) return []
    let cell = ''
    const close = text[at] === '"' ? closingQuote(text, at) : null
    if (close !== null) {
      cell = text.slice(at + 1, close).replaceAll('""', '"')
      at = close + 1
    } else {
      const end = nextOf(text, at)
      cell = text.slice(at, end)
      at = end
    }
    rows.at(-1)?.push(cell.trim())
    if (text[at] === '\n') rows.push([])
    at += 1
  }
  return rows
}

/** Null when what follows the quote shows that it was none of a whole cell. */
function closingQuote(text: string, from: number): number | null {
  let at = from + 1
  const end = Math.min(text.length, from + CELL_LENGTH_MAX)
  while (at < end) {
    if (text[at] === '"' && text[at + 1] === '"') at += 2
    else if (text[at] === '"') return isCellEnd(text[at + 1]) ? at : null
    else at += 1
  }
  return null
}

function isCellEnd(char: string | undefined): boolean {
  return char === undefined || char === '\t' || char === '\n'
}

function nextOf(text: string, from: number): number {
  let at = from
  while (at < text.length && text[at] !== '\t' && text[at] !== '\n') at += 1
  return at
}

/** A note for each cell that says something, in its place; null when there are none, one, or too many, or when one is longer than a note holds. */
export function notesOfGrid(grid: Grid): ClipboardPayload | null {
  const step = STICKY_SIZE + GAP
  const notes = grid.flatMap((row, y) =>
    row.flatMap((text, x) => (text.trim() === '' ? [] : [{ text, x, y }])),
  )
  const fits = notes.every(({ text }) => text.length <= TEXT_LENGTH_MAX)
  if (!fits || notes.length < 2 || notes.length > NOTES_MAX) return null
  return payloadFrom(
    notes.map(({ text, x, y }) => ({
      box: { x: x * step, y: y * step, w: STICKY_SIZE, h: STICKY_SIZE, angle: 0 },
      keys: { type: 'sticky', text: textJson(text) },
    })),
  )
}
