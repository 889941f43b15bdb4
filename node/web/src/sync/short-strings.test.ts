import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { shortStringsFirst } from './short-strings'

describe('short strings', () => {
  const native = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
  let asked = 0
  const decode = shortStringsFirst((input, options) => {
    asked += 1
    return native.decode(input, options)
  })

  it('are read as the decoder reads them, whatever they are and in any order', () => {
    const text = fc.oneof(
      fc.string({ unit: 'grapheme', maxLength: 40 }),
      fc.constantFrom('type', 'box', '', 'z', '\u0000', '\uFEFFx', 'epyt', 'x'.repeat(24), 'x'.repeat(25)),
    )
    fc.assert(
      fc.property(fc.array(text), (texts) => {
        expect(texts.map((one) => decode(new TextEncoder().encode(one)))).toEqual(texts)
      }),
    )
  })

  it('that are no UTF-8 are refused as before', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 30 }), (bytes) => {
        const outcome = (read: typeof decode) => {
          try {
            return read(bytes)
          } catch {
            return null
          }
        }
        expect(outcome(decode)).toBe(outcome((input) => native.decode(input)))
      }),
    )
  })

  it('do without the decoder', () => {
    asked = 0
    for (const word of ['type', 'sticky', 'type']) expect(decode(new TextEncoder().encode(word))).toBe(word)
    expect(asked).toBe(0)
  })
})
