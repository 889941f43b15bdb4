const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-_'
const RANDOM_CHARS = 21

/** 126 random bits: two clients never make the same one. */
export function newElementId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(RANDOM_CHARS))
  return `el_${Array.from(bytes, (byte) => ALPHABET[byte & 63] ?? '0').join('')}`
}
