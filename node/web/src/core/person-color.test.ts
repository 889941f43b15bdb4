import { expect, test } from 'vitest'
import { colorOf, PERSON_COLORS, personColor } from './person-color'

const ids = Array.from({ length: 2_000 }, (_, at) => `usr_01jd3k9x8z${at.toString(36).padStart(16, '0')}`)

function contrastWithWhite(color: string): number {
  const linear = (from: number) => {
    const part = Number.parseInt(color.slice(from, from + 2), 16) / 255
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4
  }
  return 1.05 / (0.2126 * linear(1) + 0.7152 * linear(3) + 0.0722 * linear(5) + 0.05)
}

test('an account has the colour of its id, whatever it says of itself', () => {
  const id = 'usr_01jd3k9x8zqv5wq6t7yb2c4d5e'
  expect(personColor({ id, color: '#b91c1c' })).toBe(colorOf(id))
  expect(personColor({ id, color: '#1d4ed8' })).toBe(colorOf(id))
})

test('a guest, and anybody where there are no accounts, has the colour they chose', () => {
  expect(personColor({ id: 'ses_01jd3k9x8zqv5wq6t7yb2c4d5e', color: '#b91c1c' })).toBe('#b91c1c')
  expect(personColor({ id: null, color: '#1d4ed8' })).toBe('#1d4ed8')
})

test('people who came one after the other seldom have one colour', () => {
  const counts = new Map<string, number>()
  for (const id of ids) counts.set(colorOf(id), (counts.get(colorOf(id)) ?? 0) + 1)
  expect(counts.size).toBe(16)
  const even = ids.length / counts.size
  for (const [color, count] of counts) {
    expect(count, color).toBeGreaterThan(even / 2)
    expect(count, color).toBeLessThan(even * 2)
  }
})

test('initials can be read on every colour', () => {
  for (const color of new Set([...ids.map(colorOf), ...PERSON_COLORS])) {
    expect(contrastWithWhite(color), color).toBeGreaterThanOrEqual(4.5)
  }
})
