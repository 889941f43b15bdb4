/**
 * What another program, tab or board put on the clipboard, or what is dropped, comes on the board as what it is: elements,
 * pictures, notes in a grid, a link, or text.
 */
import { parseClipboard } from '../../../core/clipboard'
import type { ClipboardPayload, Editor } from '../../../core/editor-api'
import { gridOfTsv, notesOfGrid } from '../../../core/exchange/grid'
import { embeddedIn, isWebAddress, linkOf, tableOf } from '../../../core/exchange/html'
import { payloadFrom, textJson } from '../../../core/exchange/payload'
import { isReadable, richFromHtml } from '../../../core/writing/html'
import type { Point } from '../../../core/geometry/box'
import { showToast } from '../../parts/toasts'
import { strings } from '../../strings'
import { takeFiles } from '../images/take-files'
import { adopt, needsAdoption } from './adopt'
import type { Brought, Desk } from './brought'
import { tellOfElements, tellOfText } from './told'

/** `at`: in the world; left out, near the originals or mid-view. */
export function receive(desk: Desk, brought: Brought, at?: Point): void {
  const { editor } = desk
  if (editor.state.get().readOnly) return
  const { html, files } = brought
  const plain = brought.plain.replaceAll('\r\n', '\n')
  const own = parseClipboard(brought.own) ?? embedded(html) ?? parseClipboard(plain)
  if (own) return void pasteOwn(desk, own, at)
  // A spreadsheet puts a picture of its cells there too.
  const notes = cellsOf(html, plain)
  if (notes) return tellOfElements(editor.paste(notes, at ?? midView(editor)))
  if (files.length > 0) return void receiveFiles(desk, files, at)
  receiveText(desk, plain, html, at)
}

export function receiveText(desk: Desk, plain: string, html: string, at?: Point): void {
  if (isExcalidraw(plain)) return void pasteExcalidraw(desk, plain, at)
  if (isSvg(plain)) {
    const file = new File([plain], strings.images.unnamed, { type: 'image/svg+xml' })
    return void takeFiles(desk.uploads, [file], at)
  }
  const link = linkOfBoth(plain, html)
  if (link) return tellOfElements(desk.editor.paste(link, at ?? midView(desk.editor)))
  const rich = richFromHtml(html)
  if (rich.runs.length > 0) return tellOfText(desk.editor.pasteText(rich.text, at, rich.runs))
  const text = plain.trim() === '' ? rich.text : plain
  if (text.trim() !== '') return tellOfText(desk.editor.pasteText(text, at))
  if (html !== '' && !isReadable(html)) showToast({ text: strings.transfer.tooLong })
}

async function receiveFiles(desk: Desk, files: readonly File[], at?: Point): Promise<void> {
  const texts = files.filter((file) => TEXT_NAME.test(file.name) && file.size <= TEXT_BYTES_MAX)
  const pictures = files.filter((file) => !texts.includes(file))
  for (const file of texts) {
    const text = (await file.text()).replaceAll('\r\n', '\n')
    const notes = cellsOf('', text)
    if (notes) tellOfElements(desk.editor.paste(notes, at ?? midView(desk.editor)))
    else receiveText(desk, text, '', at)
  }
  await takeFiles(desk.uploads, pictures, at)
}

const TEXT_NAME = /\.(excalidraw|txt|md|tsv)$/i
const TEXT_BYTES_MAX = 48_000_000

export async function pasteOwn(desk: Desk, payload: ClipboardPayload, at?: Point): Promise<void> {
  if (!needsAdoption(payload, desk.board)) return tellOfElements(desk.editor.paste(payload, at))
  showToast({ text: strings.transfer.adopting })
  const { payload: adopted, missing } = await adopt(payload, desk.board)
  tellOfElements(desk.editor.paste(adopted, at))
  if (missing > 0) showToast({ text: strings.transfer.missing(missing) })
}

async function pasteExcalidraw(desk: Desk, text: string, at?: Point): Promise<void> {
  const { pasteForeign } = await import('./foreign')
  await pasteForeign(desk, text, at)
}

/** Where what never stood on a board is put. */
export function midView(editor: Editor): Point {
  const { viewport } = editor.state.get()
  return editor.toWorld({ x: viewport.w / 2, y: viewport.h / 2 })
}

function isExcalidraw(text: string): boolean {
  return /^\s*\{/.test(text.slice(0, 100)) && /"type"\s*:\s*"excalidraw/.test(text.slice(0, 2_000))
}

function isSvg(text: string): boolean {
  return (
    /^\s*(<\?xml[^>]*>\s*)?(<!--[^>]*-->\s*)*<svg[\s>]/i.test(text.slice(0, 2_000)) &&
    /<\/svg>\s*$/i.test(text)
  )
}

function embedded(html: string): ClipboardPayload | null {
  const json = embeddedIn(html)
  return json === null ? null : parseClipboard(json)
}

/** Other pages have tables as well, for their looks. */
const OF_A_SPREADSHEET =
  /google-sheets-html-origin|urn:schemas-microsoft-com:office:excel|content="LibreOffice/i

function cellsOf(html: string, plain: string): ClipboardPayload | null {
  const grid = (OF_A_SPREADSHEET.test(html.slice(0, 5_000)) ? tableOf(html) : null) ?? gridOfTsv(plain)
  return grid && notesOfGrid(grid)
}

function linkOfBoth(plain: string, html: string): ClipboardPayload | null {
  const url = plain.trim()
  const link = linkOf(html) ?? (isWebAddress(url) ? { url, text: url } : null)
  if (!link || (plain.trim() !== '' && plain.trim() !== link.text && plain.trim() !== link.url)) return null
  const keys = { type: 'text', text: textJson(link.text, link.url) }
  return payloadFrom([{ box: { x: 0, y: 0, w: 100, h: 24, angle: 0 }, keys }])
}
