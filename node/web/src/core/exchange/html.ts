/**
 * What is wanted of HTML that another program put on the clipboard: the cells of its table, one link, or elements of ours.
 * Read as text: nothing of it ever becomes a document.
 */
import { EMBEDDED } from './embedded'

/** Longer HTML is not looked at. */
const LENGTH_MAX = 24_000_000
const TOKENS_MAX = 400_000
const ROWS_MAX = 1_000
const COLUMNS_MAX = 200

const TOKEN = /<!--[\s\S]*?(?:-->|$)|<(\/?)([a-zA-Z][a-zA-Z0-9]*)((?:[^<>"']|"[^"]*"|'[^']*')*)>|[^<]+|</g
const SKIPPED = new Set(['script', 'style', 'head', 'title', 'template'])

type Token =
  | { readonly is: 'open' | 'close'; readonly name: string; readonly attributes: string }
  | { readonly is: 'text'; readonly text: string }

function* tokensOf(html: string): Generator<Token> {
  if (html.length > LENGTH_MAX) return
  let count = 0
  let skipping: string | null = null
  for (const [whole, slash, tag, attributes = ''] of html.matchAll(TOKEN)) {
    if (++count > TOKENS_MAX) return
    const name = tag?.toLowerCase()
    if (skipping !== null) {
      if (slash === '/' && name === skipping) skipping = null
    } else if (name !== undefined) {
      if (slash !== '/' && SKIPPED.has(name)) skipping = name
      else yield { is: slash === '/' ? 'close' : 'open', name, attributes }
    } else if (!whole.startsWith('<!--')) yield { is: 'text', text: decoded(whole) }
  }
}

/** The cells of the first table, row by row; null when there is none. */
export function tableOf(html: string): readonly (readonly string[])[] | null {
  if (!/<table/i.test(html)) return null
  const rows: string[][] = []
  let cell: string | null = null
  let inside = false
  const endCell = () => {
    const row = rows.at(-1)
    if (cell !== null && row && row.length < COLUMNS_MAX) row.push(tidy(cell))
    cell = null
  }
  for (const token of tokensOf(html)) {
    if (token.is === 'text') {
      if (cell !== null) cell += token.text.replaceAll(/\s+/g, ' ')
      continue
    }
    const { name, is } = token
    if (name === 'table') {
      if (is === 'close') break
      inside = true
    }
    if (!inside) continue
    if (name === 'tr') {
      endCell()
      if (is === 'open' && rows.length < ROWS_MAX) rows.push([])
    } else if (name === 'td' || name === 'th') {
      endCell()
      if (is === 'open') cell = ''
    } else if (cell !== null && (name === 'br' || (is === 'close' && (name === 'p' || name === 'div')))) {
      cell += '\n'
    }
  }
  endCell()
  return rows.some((row) => row.length > 0) ? rows : null
}

export interface Link {
  readonly url: string
  readonly text: string
}

/** The link that is all there is; null when there is more, or none. */
export function linkOf(html: string): Link | null {
  let url: string | null = null
  let inLink = ''
  let open = false
  for (const token of tokensOf(html)) {
    if (token.is === 'text') {
      if (open) inLink += token.text
      else if (token.text.trim() !== '') return null
    } else if (token.name === 'a') {
      if (token.is === 'open' && url !== null) return null
      open = token.is === 'open'
      if (open) url = attributeOf(token.attributes, 'href')
      if (open && url === null) return null
    } else if (['img', 'table', 'video', 'svg'].includes(token.name)) return null
  }
  const text = inLink.replaceAll(/\s+/g, ' ').trim()
  return url !== null && isWebAddress(url) ? { url, text: text === '' ? url : text } : null
}

/** The JSON of elements of ours, if it carries some. */
export function embeddedIn(html: string): string | null {
  if (!html.includes(EMBEDDED)) return null
  for (const token of tokensOf(html)) {
    if (token.is !== 'open' || !token.attributes.includes(EMBEDDED)) continue
    const held = attributeOf(token.attributes, EMBEDDED)
    return held === null ? null : held
  }
  return null
}

export function isWebAddress(text: string): boolean {
  return text.length <= 2_048 && /^https?:\/\/[^\s/$.?#][^\s]*$/i.test(text)
}

function attributeOf(attributes: string, name: string): string | null {
  const found = new RegExp(`(?:^|\\s)${name}\\s*=\\s*("[^"]*"|'[^']*'|[^\\s"'>]+)`, 'i').exec(attributes)?.[1]
  return found === undefined ? null : decoded(found.replace(/^["']|["']$/g, ''))
}

function tidy(text: string): string {
  return text
    .split('\n')
    .map((line) => line.trim())
    .join('\n')
    .trim()
}

const NAMED: Readonly<Record<string, string>> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
  nbsp: ' ',
}

function decoded(text: string): string {
  return text.replaceAll(/&(?:#(\d{1,7})|#x([0-9a-f]{1,6})|([a-z]{2,6}));/gi, (whole, decimal, hex, name) => {
    const named = typeof name === 'string' ? NAMED[name.toLowerCase()] : undefined
    if (named !== undefined) return named
    const code = typeof hex === 'string' ? Number.parseInt(hex, 16) : Number(decimal)
    const isScalar = code > 0 && code <= 0x10ffff && !(code >= 0xd800 && code <= 0xdfff)
    return isScalar ? String.fromCodePoint(code) : whole
  })
}
