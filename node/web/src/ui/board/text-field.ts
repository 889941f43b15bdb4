/**
 * The field that text is written in: lines of our own breaking at the places where the painter draws them, so that
 * nothing moves when writing begins or ends, and places of the text for places of the page.
 *
 * Each line is a block that the browser may not break. What the keyboard does is done to the document, and the field
 * shows it; only an input method's word is written into the page by the browser and read from there.
 */
import type { TextFrame } from '../../core/editor-api'
import type { PlacedLine } from '../../core/text'
import { canvasFont } from '../../core/text'
import { BOLD, ITALIC, LINK, STRIKE, styleBits, UNDERLINE, type TextRun } from '../../core/text/runs'
import { isInTable } from '../../core/text/advances'
import type { Selection } from '../../core/writing/rich-edit'

interface ShownLine {
  readonly start: number
  readonly end: number
  /** What stands between this line and the next: a line break of the text, or nothing where the line only wraps. */
  readonly after: string
  /** What it was made from, to leave it alone while that stays the same. */
  readonly key: string
}

/** What each line of a field shows. */
const shown = new WeakMap<Node, ShownLine>()

export function showText(field: HTMLElement, frame: TextFrame): void {
  const before = [...field.children]
  frame.lines.forEach((line, index) => {
    const next = frame.lines[index + 1]
    const after = next ? frame.text.slice(line.end, next.start) : ''
    const pieces = piecesOf(frame, line)
    const key = JSON.stringify([pieces, line.rtl, line.marker?.text, after, frame.fontSize])
    const old = before[index]
    const info = old && shown.get(old)
    const node = old instanceof HTMLElement && info?.key === key ? old : lineNode(pieces, line, frame)
    shown.set(node, { start: line.start, end: line.end, after, key })
    place(node, line, frame)
    if (node === old) return
    if (old) old.replaceWith(node)
    else field.append(node)
  })
  for (const extra of [...field.childNodes].slice(frame.lines.length)) extra.remove()
}

interface Piece {
  readonly text: string
  readonly style: number
  /** What our table gives beyond what the browser's font takes, in pixels. */
  readonly extra: number
}

function piecesOf(frame: TextFrame, line: PlacedLine): readonly Piece[] {
  const out: Piece[] = []
  const put = (start: number, end: number, style: number) => {
    if (start < end) out.push(...measured(frame.text.slice(start, end), style, frame, line))
  }
  let at = line.start
  for (const run of inside(frame.runs, line)) {
    const [from, to] = [Math.max(run.start, line.start), Math.min(run.end, line.end)]
    put(at, from, 0)
    put(from, to, styleBits(run.marks))
    at = to
  }
  put(at, line.end, 0)
  return out
}

function inside(runs: readonly TextRun[], line: PlacedLine): readonly TextRun[] {
  return runs.filter((run) => run.start < line.end && run.end > line.start)
}

let ruler: CanvasRenderingContext2D | null = null

/** Letters that the board's font lacks take the room of the table here too, word by word. */
function measured(text: string, style: number, frame: TextFrame, line: PlacedLine): readonly Piece[] {
  if (isCovered(text)) return [{ text, style, extra: 0 }]
  return text
    .split(/(\s+)/u)
    .filter(Boolean)
    .map((part): Piece => {
      if (isCovered(part)) return { text: part, style, extra: 0 }
      const word = line.words.find((one) => one.text === part)
      ruler ??= document.createElement('canvas').getContext('2d')
      if (!word || ruler === null) return { text: part, style, extra: 0 }
      ruler.font = canvasFont(frame.fontSize, style)
      ruler.fontKerning = 'none'
      const extra = word.width - ruler.measureText(part).width
      return { text: part, style, extra: Math.abs(extra) < 0.02 ? 0 : extra }
    })
}

function isCovered(text: string): boolean {
  for (let at = 0; at < text.length; at++) if (!isInTable(text.charCodeAt(at))) return false
  return true
}

function lineNode(pieces: readonly Piece[], line: PlacedLine, frame: TextFrame): HTMLElement {
  const node = document.createElement('div')
  node.className = 'text-line'
  node.dir = line.rtl ? 'rtl' : 'ltr'
  if (line.marker) node.dataset['marker'] = line.marker.text
  for (const { text, style, extra } of pieces) {
    if (style === 0 && extra === 0) {
      node.append(text)
      continue
    }
    const span = document.createElement('span')
    span.className = classesOf(style)
    span.textContent = text
    if (extra !== 0) span.style.marginInlineEnd = `${extra}px`
    node.append(span)
  }
  // Without anything in it a line would have no height and no place for the caret.
  if (pieces.length === 0) node.append(document.createElement('br'))
  node.style.height = `${frame.lineHeight}px`
  return node
}

const CLASSES = [
  [BOLD, 'bold'],
  [ITALIC, 'italic'],
  [UNDERLINE | LINK, 'under'],
  [STRIKE, 'strike'],
] as const

function classesOf(style: number): string {
  return CLASSES.flatMap(([bits, name]) => ((style & bits) === 0 ? [] : [`text-${name}`])).join(' ')
}

/** The field begins at the left edge of the element and is as wide as the widest thing in it. */
function place(node: HTMLElement, line: PlacedLine, frame: TextFrame): void {
  const { style } = node
  if (line.rtl) style.marginInlineStart = `${fieldWidth(frame) - (line.x + line.width)}px`
  else style.marginInlineStart = `${line.x}px`
  if (line.marker) style.setProperty('--marker', `${line.marker.x - line.x}px`)
}

export function fieldWidth({ element, fontSize }: TextFrame): number {
  return element.w + fontSize
}

// ---- places

/** The text as the page shows it: what an input method has done to it included. */
export function textShown(field: HTMLElement): string {
  const nodes = [...field.childNodes]
  return nodes
    .map((node, index) => {
      const after = index === nodes.length - 1 ? '' : (shown.get(node)?.after ?? '\n')
      return (node.textContent ?? '') + after
    })
    .join('')
}

/** How many code units stand before a place of the page. */
export function offsetOf(field: HTMLElement, node: Node, offset: number): number {
  let before = 0
  const nodes = [...field.childNodes]
  for (const [index, line] of nodes.entries()) {
    if (node === field && index >= offset) return before
    if (line === node || line.contains(node)) return before + unitsBefore(line, node, offset)
    const isLast = index === nodes.length - 1
    before += (line.textContent ?? '').length + (isLast ? 0 : (shown.get(line)?.after ?? '\n').length)
  }
  return before
}

function unitsBefore(line: Node, node: Node, offset: number): number {
  const range = document.createRange()
  range.setStart(line, 0)
  range.setEnd(node, offset)
  return range.toString().length
}

export function selectionIn(field: HTMLElement): (Selection & { readonly backward: boolean }) | null {
  const selection = document.getSelection()
  const { anchorNode, focusNode } = selection ?? {}
  if (!selection || !anchorNode || !focusNode || !field.contains(anchorNode) || !field.contains(focusNode))
    return null
  const anchor = offsetOf(field, anchorNode, selection.anchorOffset)
  const focus = offsetOf(field, focusNode, selection.focusOffset)
  return { start: Math.min(anchor, focus), end: Math.max(anchor, focus), backward: focus < anchor }
}

export function select(field: HTMLElement, start: number, end: number, backward = false): void {
  const from = placeOf(field, start)
  const to = start === end ? from : placeOf(field, end)
  const [anchor, focus] = backward ? [to, from] : [from, to]
  document.getSelection()?.setBaseAndExtent(anchor.node, anchor.offset, focus.node, focus.offset)
}

/** Where a line only wraps, its end is the start of the next. */
function placeOf(field: HTMLElement, place: number): { node: Node; offset: number } {
  const lines = [...field.childNodes]
  const line = lines.findLast((node) => (shown.get(node)?.start ?? 0) <= place) ?? lines[0] ?? field
  let rest = Math.max(0, place - (shown.get(line)?.start ?? 0))
  const walker = document.createTreeWalker(line, NodeFilter.SHOW_TEXT)
  let last: Node | null = null
  for (let text = walker.nextNode(); text !== null; text = walker.nextNode()) {
    const { length } = text.textContent ?? ''
    if (rest <= length) return { node: text, offset: rest }
    rest -= length
    last = text
  }
  return last === null ? { node: line, offset: 0 } : { node: last, offset: (last.textContent ?? '').length }
}

/** Where the part of a letter, or of a word, is that Backspace or Delete takes. */
export function clusterBeside(text: string, place: number, backward: boolean): Selection {
  const segments = new Intl.Segmenter(undefined, { granularity: 'grapheme' }).segment(text)
  const found = backward ? segments.containing(place - 1) : segments.containing(place)
  if (!found) return { start: place, end: place }
  return { start: found.index, end: found.index + found.segment.length }
}
