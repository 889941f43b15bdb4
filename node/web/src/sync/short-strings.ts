/**
 * Yjs has the browser's TextDecoder read every key and every value of a board, one call each, and a call costs more than
 * most of these are long: a third of the time in which a large board is read. Short ones are read here, and those that
 * come again and again are one string.
 */
import { utf8TextDecoder } from 'lib0/string'

const LENGTH_MAX = 24
/** A power of two. */
const KNOWN_MAX = 1024
const ASCII_MAX = 0x7f

type Decode = TextDecoder['decode']

export function shortStringsFirst(decode: Decode): Decode {
  const known: (string | undefined)[] = Array.from({ length: KNOWN_MAX })
  return (input, options) => {
    if (!(input instanceof Uint8Array) || input.length > LENGTH_MAX || options !== undefined) {
      return decode(input, options)
    }
    let hash = input.length
    for (const byte of input) {
      if (byte > ASCII_MAX) return decode(input)
      hash = (Math.imul(hash, 31) + byte) | 0
    }
    const place = hash & (KNOWN_MAX - 1)
    const found = known[place]
    if (found !== undefined && isThat(found, input)) return found
    const text = String.fromCharCode(...input)
    known[place] = text
    return text
  }
}

function isThat(text: string, bytes: Uint8Array): boolean {
  if (text.length !== bytes.length) return false
  for (let i = 0; i < bytes.length; i++) if (text.charCodeAt(i) !== bytes[i]) return false
  return true
}

/** From here on, for every document of this page. */
export function readShortStringsFast(): void {
  if (utf8TextDecoder === null) return
  utf8TextDecoder.decode = shortStringsFirst(utf8TextDecoder.decode.bind(utf8TextDecoder))
}
