/** What a picture looks like from far away, in about thirty characters: <https://blurha.sh>. */

const DIGITS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz#$%*+,-.:;=?@[]^_{|}~'
/** Size, the greatest of the waves, the mean colour. */
const HEAD_CHARS = 6

/** The value if it is one. */
export function readBlurhash(value: unknown): string | undefined {
  if (typeof value !== 'string' || value.length < HEAD_CHARS || value.length > HEAD_CHARS + 160)
    return undefined
  const size = DIGITS.indexOf(value[0] ?? '')
  if (size < 0 || size > 80) return undefined
  const waves = ((size % 9) + 1) * (Math.floor(size / 9) + 1)
  if (value.length !== HEAD_CHARS + 2 * (waves - 1)) return undefined
  return [...value].every((digit) => DIGITS.includes(digit)) ? value : undefined
}

/** The mean colour as `#rrggbb`. */
export function blurhashMean(hash: string): string {
  return `#${number(hash, 2, HEAD_CHARS).toString(16).padStart(6, '0').slice(-6)}`
}

/** The picture that it stands for, as RGBA. */
export function blurhashPixels(hash: string, w: number, h: number): Uint8ClampedArray<ArrayBuffer> {
  const size = number(hash, 0, 1)
  const across = (size % 9) + 1
  const down = Math.floor(size / 9) + 1
  const most = (number(hash, 1, 2) + 1) / 166
  const mean = number(hash, 2, HEAD_CHARS)
  const waves: [number, number, number][] = [
    [toLinear(mean >> 16), toLinear((mean >> 8) & 255), toLinear(mean & 255)],
  ]
  for (let i = 1; i < across * down; i++) {
    const wave = number(hash, HEAD_CHARS + 2 * (i - 1), HEAD_CHARS + 2 * i)
    const part = (n: number) => signedSquare((n - 9) / 9) * most
    waves.push([part(Math.floor(wave / 361)), part(Math.floor(wave / 19) % 19), part(wave % 19)])
  }
  const out = new Uint8ClampedArray(w * h * 4)
  for (let y = 0; y < h; y++) {
    for (let x = 0; x < w; x++) {
      const sum: [number, number, number] = [0, 0, 0]
      for (const [i, wave] of waves.entries()) {
        const basis =
          Math.cos((Math.PI * x * (i % across)) / w) * Math.cos((Math.PI * y * Math.floor(i / across)) / h)
        for (const channel of [0, 1, 2] as const) sum[channel] += wave[channel] * basis
      }
      out.set([fromLinear(sum[0]), fromLinear(sum[1]), fromLinear(sum[2]), 255], (y * w + x) * 4)
    }
  }
  return out
}

function number(hash: string, from: number, to: number): number {
  let value = 0
  for (const digit of hash.slice(from, to)) value = value * 83 + Math.max(0, DIGITS.indexOf(digit))
  return value
}

function signedSquare(n: number): number {
  return Math.sign(n) * n * n
}

function toLinear(byte: number): number {
  const n = byte / 255
  return n <= 0.04045 ? n / 12.92 : ((n + 0.055) / 1.055) ** 2.4
}

function fromLinear(n: number): number {
  const clamped = Math.max(0, Math.min(1, n))
  return 255 * (clamped <= 0.0031308 ? clamped * 12.92 : 1.055 * clamped ** (1 / 2.4) - 0.055)
}
