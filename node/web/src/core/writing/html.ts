/**
 * Formatted text as HTML and back, for the clipboard. What comes in is read as text with a few known tags and never
 * becomes part of a page, so nothing in it can run or load.
 */
import { isLink, type Marks, type RichText, type TextRun } from '../text/runs'
import { paragraphsOf } from '../text/lines'
import { listOf, NO_RUNS } from '../text/runs'

const TOKEN = /<!--[\s\S]*?-->|<(\/?)([a-z][a-z0-9]*)((?:"[^"]*"|'[^']*'|[^'">])*)>|([^<]+)|</gi
const BLOCKS = new Set(
  'p div li tr h1 h2 h3 h4 h5 h6 blockquote pre ul ol table section article header footer dd dt'.split(' '),
)
const HIDDEN = new Set(['script', 'style', 'head', 'title', 'template', 'noscript'])
const VOID = new Set(['br', 'hr', 'img', 'input', 'meta', 'link', 'wbr', 'col', 'source', 'area', 'base'])
const ENTITIES: Readonly<Record<string, string>> = {
  amp: '&', lt: '<', gt: '>', quot: '"', apos: "'", nbsp: ' ', ndash: '–', mdash: '—', hellip: '…', lsquo: '‘',
  rsquo: '’', ldquo: '“', rdquo: '”', bull: '•', copy: '©', euro: '€',
} // prettier-ignore
/** Longer than this is not read: a part of it would pass for all. */
const HTML_LENGTH_MAX = 2_000_000
const DEPTH_MAX = 200

interface Open {
  readonly tag: string
  readonly marks: Marks
  readonly pre: boolean
}

export function isReadable(html: string): boolean {
  return html.length <= HTML_LENGTH_MAX
}

/** Empty when it is too long. */
export function richFromHtml(html: string): RichText {
  const reader = new Reader()
  if (!isReadable(html)) return reader.rich()
  for (const [, close, tag, attributes, text] of html.matchAll(TOKEN)) {
    if (tag !== undefined) {
      if (close === '/') reader.end(tag.toLowerCase())
      else reader.start(tag.toLowerCase(), attributes ?? '')
    } else if (text !== undefined) reader.letters(decoded(text))
  }
  return reader.rich()
}

class Reader {
  private readonly open: Open[] = []
  private text = ''
  private readonly runs: TextRun[] = []
  /** A line break is due before the next letters. */
  private breakDue = false

  start(tag: string, attributes: string): void {
    if (tag === 'br') return this.put('\n', {})
    if (VOID.has(tag) || this.open.length >= DEPTH_MAX) return
    if (BLOCKS.has(tag)) this.breakDue = this.text !== ''
    const above = this.open.at(-1)
    const marks = marksOf(tag, attributes, above?.marks ?? {}, this.open)
    this.open.push({ tag, marks, pre: tag === 'pre' || above?.pre === true })
  }

  end(tag: string): void {
    const at = this.open.findLastIndex((one) => one.tag === tag)
    if (at < 0) return
    this.open.length = at
    if (BLOCKS.has(tag)) this.breakDue = this.text !== ''
  }

  letters(raw: string): void {
    if (this.open.some((one) => HIDDEN.has(one.tag))) return
    const top = this.open.at(-1)
    let text = top?.pre ? raw.replaceAll('\r\n', '\n') : raw.replaceAll(/[ \t\r\n\f]+/g, ' ')
    const atStart = this.text === '' || this.breakDue || /\s$/u.test(this.text)
    if (!top?.pre && atStart) text = text.trimStart()
    if (text === '') return
    if (this.breakDue) this.put('\n', {})
    this.put(text, top?.marks ?? {})
  }

  rich(): RichText {
    const text = this.text.trimEnd()
    const runs = this.runs.flatMap((run) => {
      const end = Math.min(run.end, text.length)
      return run.start < end ? [{ ...run, end }] : []
    })
    return { text, runs: runs.length > 0 ? runs : NO_RUNS }
  }

  private put(text: string, marks: Marks): void {
    this.breakDue = false
    const start = this.text.length
    this.text += text
    if (Object.keys(marks).length > 0) this.runs.push({ start, end: this.text.length, marks })
  }
}

function marksOf(tag: string, attributes: string, above: Marks, open: readonly Open[]): Marks {
  const marks: { -readonly [Key in keyof Marks]: Marks[Key] } = { ...above }
  const style = valueOf(attributes, 'style') ?? ''
  const weight = /font-weight:\s*([a-z0-9]+)/i.exec(style)?.[1]
  if (/^(b|strong|h[1-6])$/.test(tag)) marks.bold = true
  if (weight !== undefined && /^(bold|bolder|[6-9]00)$/.test(weight)) marks.bold = true
  // Google Docs wraps everything in a <b> that is none.
  if (weight !== undefined && /^(normal|[1-5]00)$/.test(weight)) delete marks.bold
  if (/^(i|em)$/.test(tag) || /font-style:\s*italic/i.test(style)) marks.italic = true
  if (/^(u|ins)$/.test(tag) || /text-decoration[^;]*underline/i.test(style)) marks.underline = true
  if (/^(s|strike|del)$/.test(tag) || /text-decoration[^;]*line-through/i.test(style)) marks.strike = true
  const href = tag === 'a' ? valueOf(attributes, 'href') : undefined
  if (isLink(href)) marks.link = href
  if (tag === 'li')
    marks.list =
      open.findLast((one) => one.tag === 'ul' || one.tag === 'ol')?.tag === 'ol' ? 'number' : 'bullet'
  return marks
}

function valueOf(attributes: string, name: string): string | undefined {
  const found = new RegExp(`(?:^|\\s)${name}\\s*=\\s*(?:"([^"]*)"|'([^']*)'|([^\\s"'>]+))`, 'i').exec(
    attributes,
  )
  const value = found?.[1] ?? found?.[2] ?? found?.[3]
  return value === undefined ? undefined : decoded(value)
}

function decoded(text: string): string {
  return text.replaceAll(/&(#x[0-9a-f]{1,6}|#[0-9]{1,7}|[a-z]{2,8});/gi, (whole, name: string) => {
    if (!name.startsWith('#')) return ENTITIES[name.toLowerCase()] ?? whole
    const code = /^#x/i.test(name) ? Number.parseInt(name.slice(2), 16) : Number.parseInt(name.slice(1), 10)
    return code > 0 && code <= 0x10ffff && (code < 0xd800 || code > 0xdfff) ? String.fromCodePoint(code) : ''
  })
}

/** For other programs: paragraphs and lists. */
export function htmlFromRich({ text, runs }: RichText): string {
  const bounds = paragraphsOf(text)
  let html = ''
  let open: 'ul' | 'ol' | null = null
  bounds.forEach(([start, end], index) => {
    const list = listOf(runs, start, end, bounds[index + 1]?.[0] ?? null)
    const tag = list === null ? null : list === 'bullet' ? 'ul' : 'ol'
    if (tag !== open) html += (open === null ? '' : `</${open}>`) + (tag === null ? '' : `<${tag}>`)
    open = tag
    const inner = inline({ text, runs }, start, end)
    html += tag === null ? `<p>${inner === '' ? '<br>' : inner}</p>` : `<li>${inner}</li>`
  })
  return open === null ? html : `${html}</${open as string}>`
}

function inline({ text, runs }: RichText, start: number, end: number): string {
  let html = ''
  let at = start
  for (const run of runs) {
    const [from, to] = [Math.max(run.start, start), Math.min(run.end, end)]
    if (from >= to) continue
    html += escaped(text.slice(at, from)) + wrapped(escaped(text.slice(from, to)), run.marks)
    at = to
  }
  return html + escaped(text.slice(at, end))
}

function wrapped(html: string, { bold, italic, underline, strike, link }: Marks): string {
  let out = html
  if (bold) out = `<b>${out}</b>`
  if (italic) out = `<i>${out}</i>`
  if (underline) out = `<u>${out}</u>`
  if (strike) out = `<s>${out}</s>`
  return link === undefined ? out : `<a href="${escaped(link)}">${out}</a>`
}

function escaped(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
}
