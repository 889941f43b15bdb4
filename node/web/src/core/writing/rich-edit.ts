/**
 * What a key or a button does to a text with formats: pure, from the text and the selection to changes of the document
 * and a new selection. `ui/board/text-field.ts` is the field that it is typed into.
 */
import { paragraphsOf, type ListKind, type Marks, type MarkName, type RichText } from '../text'
import { listOf } from '../text/runs'
import type { MarkedSplice, MarksPatch } from './marks'
import { marksAt, without } from './marks'

export interface Selection {
  readonly start: number
  readonly end: number
}

export type TextEdit =
  | { readonly do: 'splice'; readonly splice: MarkedSplice }
  | { readonly do: 'format'; readonly from: number; readonly to: number; readonly marks: MarksPatch }

export interface Edited {
  readonly edits: readonly TextEdit[]
  readonly caret: Selection
  /** What the next letter gets besides what its neighbours have; null for nothing. */
  readonly pending: MarksPatch | null
}

export type StyleName = 'bold' | 'italic' | 'underline' | 'strike'

interface Paragraph {
  readonly start: number
  readonly end: number
  /** Its line break included. */
  readonly whole: number
  readonly list: ListKind | null
}

function paragraphs({ text, runs }: RichText): Paragraph[] {
  const bounds = paragraphsOf(text)
  return bounds.map(([start, end], index) => {
    const next = bounds[index + 1]?.[0] ?? null
    return { start, end, whole: next ?? end, list: listOf(runs, start, end, next) }
  })
}

function paragraphAt(all: readonly Paragraph[], place: number): Paragraph {
  return all.findLast((one) => one.start <= place) ?? { start: 0, end: 0, whole: 0, list: null }
}

/** What a letter typed over the selection gets. */
export function typingMarks(rich: RichText, { start, end }: Selection): Marks {
  const paragraph = paragraphAt(paragraphs(rich), start)
  const before = start > paragraph.start ? marksAt(rich.runs, start - 1) : null
  const after = start < paragraph.end ? marksAt(rich.runs, start) : null
  const near = start < end ? (after ?? before) : (before ?? after)
  let marks: Marks = near ?? {}
  // A link ends where it ends: what is typed behind it is not part of it.
  if (start === end && marks.link !== undefined && before?.link !== after?.link)
    marks = without(marks, 'link')
  marks = without(marks, 'list')
  return paragraph.list === null ? marks : { ...marks, list: paragraph.list }
}

/** What all of the selection has: what the buttons show. */
export function selectionMarks(rich: RichText, selection: Selection, pending: MarksPatch | null): Marks {
  if (selection.start === selection.end) return patched(typingMarks(rich, selection), pending)
  const all = paragraphs(rich).filter((one) => one.start < selection.end && one.whole > selection.start)
  const list = all[0]?.list ?? null
  let marks: Marks | undefined
  for (let place = selection.start; place < selection.end; place++) {
    if (rich.text[place] === '\n') continue
    marks = marks === undefined ? marksAt(rich.runs, place) : common(marks, marksAt(rich.runs, place))
  }
  const style = without(marks ?? {}, 'list')
  return list !== null && all.every((one) => one.list === list) ? { ...style, list } : style
}

function common(a: Marks, b: Marks): Marks {
  return Object.fromEntries(Object.entries(a).filter(([name, value]) => b[name as MarkName] === value))
}

export function patched(marks: Marks, patch: MarksPatch | null): Marks {
  if (patch === null) return marks
  return Object.fromEntries(Object.entries({ ...marks, ...patch }).filter(([, value]) => value !== null))
}

export function typed(
  rich: RichText,
  selection: Selection,
  inserted: string,
  pending: MarksPatch | null,
): Edited {
  const { start, end } = selection
  const paragraph = paragraphAt(paragraphs(rich), start)
  if (inserted === ' ' && start === end && paragraph.list === null) {
    const list = LIST_SIGNS[rich.text.slice(paragraph.start, start)]
    if (list !== undefined) return startList(paragraph, start, list)
  }
  const marks = patched(typingMarks(rich, selection), pending)
  const caret = start + inserted.length
  return {
    edits: [{ do: 'splice', splice: { at: start, removed: end - start, inserted, marks } }],
    caret: { start: caret, end: caret },
    pending: null,
  }
}

const LIST_SIGNS: Readonly<Record<string, ListKind>> = { '-': 'bullet', '*': 'bullet', '1.': 'number' }

/** The sign goes, and its paragraph is an item. */
function startList(paragraph: Paragraph, place: number, list: ListKind): Edited {
  const { start, whole } = paragraph
  const removed = place - start
  const rest = whole - place
  const caret = { start, end: start }
  const cut: TextEdit = { do: 'splice', splice: { at: start, removed, inserted: '' } }
  if (rest === 0) return { edits: [cut], caret, pending: { list } }
  return {
    edits: [cut, { do: 'format', from: start, to: start + rest, marks: { list } }],
    caret,
    pending: null,
  }
}

export function enter(rich: RichText, selection: Selection, pending: MarksPatch | null): Edited {
  const paragraph = paragraphAt(paragraphs(rich), selection.start)
  const isEmpty = selection.start === selection.end && paragraph.start === paragraph.end
  if (isEmpty && pending?.list) return { edits: [], caret: selection, pending: null }
  // An item without a word ends the list.
  if (isEmpty && paragraph.list !== null) return unlisted(paragraph, selection)
  return typed(rich, selection, '\n', pending)
}

/** Null where Backspace does what it does in any text. */
export function backspace(rich: RichText, selection: Selection, pending: MarksPatch | null): Edited | null {
  if (selection.start !== selection.end) return null
  if (pending?.list) return { edits: [], caret: selection, pending: null }
  const paragraph = paragraphAt(paragraphs(rich), selection.start)
  if (paragraph.list === null || selection.start !== paragraph.start) return null
  return unlisted(paragraph, selection)
}

function unlisted({ start, whole }: Paragraph, caret: Selection): Edited {
  const from = whole === start ? Math.max(0, start - 1) : start
  return { edits: [{ do: 'format', from, to: whole, marks: { list: null } }], caret, pending: null }
}

export function removed(start: number, end: number): Edited {
  const edits: TextEdit[] =
    start === end ? [] : [{ do: 'splice', splice: { at: start, removed: end - start, inserted: '' } }]
  return { edits, caret: { start, end: start }, pending: null }
}

export function toggleStyle(
  rich: RichText,
  selection: Selection,
  name: StyleName,
  pending: MarksPatch | null,
): Edited {
  const on = selectionMarks(rich, selection, pending)[name] !== true
  const marks: MarksPatch = { [name]: on ? true : null }
  const { start, end } = selection
  if (start === end) return { edits: [], caret: selection, pending: { ...pending, ...marks } }
  return { edits: [{ do: 'format', from: start, to: end, marks }], caret: selection, pending: null }
}

/** Of the paragraphs that the selection touches; the list that all are in is left. */
export function toggleList(
  rich: RichText,
  selection: Selection,
  kind: ListKind,
  pending: MarksPatch | null,
): Edited {
  const { start, end } = selection
  const all = paragraphs(rich).filter((one) => one.start <= end && one.end >= start)
  const isOn = (one: Paragraph) => (one.start === one.whole ? (pending?.list ?? one.list) : one.list) === kind
  const list = all.every(isOn) ? null : kind
  const edits: TextEdit[] = []
  let next: MarksPatch | null = null
  for (const one of all) {
    if (one.whole > one.start) edits.push({ do: 'format', from: one.start, to: one.whole, marks: { list } })
    else if (list === null && one.list !== null) edits.push(...unlisted(one, selection).edits)
    else if (list !== null) next = { list }
  }
  return { edits, caret: selection, pending: next }
}

/** Of the selection, or of the link that the caret is in; an address without letters to carry it is written out. */
export function setLink(rich: RichText, selection: Selection, link: string | null): Edited {
  const { start, end } = stretchOf(rich, selection)
  if (start < end)
    return {
      edits: [{ do: 'format', from: start, to: end, marks: { link } }],
      caret: selection,
      pending: null,
    }
  if (link === null) return { edits: [], caret: selection, pending: null }
  const marks = { ...typingMarks(rich, selection), link }
  const caret = start + link.length
  return {
    edits: [{ do: 'splice', splice: { at: start, removed: 0, inserted: link, marks } }],
    caret: { start: caret, end: caret },
    pending: null,
  }
}

function stretchOf(rich: RichText, selection: Selection): Selection {
  if (selection.start < selection.end) return selection
  const around = linkAt(rich, selection.start)
  return around ?? selection
}

/** The stretch of one link around a place, with its address. */
export function linkAt({ runs }: RichText, place: number): (Selection & { readonly link: string }) | null {
  const at = runs.findIndex((run) => run.marks.link !== undefined && run.start <= place && run.end >= place)
  const link = runs[at]?.marks.link
  if (link === undefined) return null
  let [first, last] = [at, at]
  const joins = (a: number, b: number) => runs[a]?.end === runs[b]?.start
  while (runs[first - 1]?.marks.link === link && joins(first - 1, first)) first--
  while (runs[last + 1]?.marks.link === link && joins(last, last + 1)) last++
  return { start: runs[first]?.start ?? place, end: runs[last]?.end ?? place, link }
}

/** Letters with their own formats in place of the selection. */
export function pasted(rich: RichText, selection: Selection, given: RichText): Edited {
  const { start, end } = selection
  const { list } = typingMarks(rich, selection)
  const edits: TextEdit[] = []
  let at = start
  let gone = end - start
  const put = (from: number, to: number, marks: Marks): void => {
    if (to <= from) return
    const own: Marks = marks.list === undefined && list !== undefined ? { ...marks, list } : marks
    edits.push({
      do: 'splice',
      splice: { at, removed: gone, inserted: given.text.slice(from, to), marks: own },
    })
    gone = 0
    at += to - from
  }
  let from = 0
  for (const run of given.runs) {
    put(from, run.start, {})
    put(run.start, run.end, run.marks)
    from = run.end
  }
  put(from, given.text.length, {})
  return { edits, caret: { start: at, end: at }, pending: null }
}
