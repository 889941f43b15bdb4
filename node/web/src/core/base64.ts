/** Bytes as base64 text, without the DOM's `btoa`. */
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'
const VALUE_OF = new Map([...ALPHABET].map((letter, value) => [letter, value]))

export function base64FromBytes(bytes: Uint8Array): string {
  const groups: string[] = []
  for (let i = 0; i < bytes.length; i += 3) {
    const [a = 0, b = 0, c = 0] = bytes.subarray(i, i + 3)
    const bits = (a << 16) | (b << 8) | c
    const letters = [bits >> 18, (bits >> 12) & 63, (bits >> 6) & 63, bits & 63].map((value) =>
      ALPHABET.charAt(value),
    )
    const missing = Math.max(0, i + 3 - bytes.length)
    groups.push(letters.slice(0, 4 - missing).join('') + '='.repeat(missing))
  }
  return groups.join('')
}

/** Null when the text is not base64. */
export function bytesFromBase64(text: string): Uint8Array | null {
  const body = text.replace(/={0,2}$/, '')
  if (body.length % 4 === 1) return null
  const out = new Uint8Array(Math.floor((body.length * 3) / 4))
  let bits = 0
  let held = 0
  let at = 0
  for (const letter of body) {
    const value = VALUE_OF.get(letter)
    if (value === undefined) return null
    bits = ((bits << 6) | value) & 0xffffff
    held += 6
    if (held >= 8) {
      held -= 8
      out[at++] = (bits >> held) & 0xff
    }
  }
  return out
}
