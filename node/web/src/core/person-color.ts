/**
 * The colour of a person: one rule, for avatars, pointers and whatever else stands for somebody.
 *
 * Whoever has an account has the colour of its id, so that everybody sees them alike, also where only their name is
 * known. Anybody else (a guest, or whoever uses a server without accounts) has the one they chose.
 */

/** White text on each of these has a contrast of at least 4.5. */
export const PERSON_COLORS = [
  '#c2410c',
  '#b91c1c',
  '#be185d',
  '#9333ea',
  '#4f46e5',
  '#1d4ed8',
  '#0e7490',
  '#0f766e',
  '#15803d',
  '#a16207',
] as const

/** Around the circle of hues, light and dark in turn, so that neighbours are told apart too. */
const COLORS_BY_ID = [
  '#d0183a',
  '#7a2b00',
  '#a0600b',
  '#5a4403',
  '#767700',
  '#2f5303',
  '#00864b',
  '#0b5447',
  '#118186',
  '#0b5063',
  '#0b77ba',
  '#1b2eb6',
  '#754fe0',
  '#6b0092',
  '#b52ca1',
  '#840448',
] as const

export interface Chosen {
  /** Of the account, as `usr_…`; guests have others, and where there are no accounts nobody has one. */
  readonly id: string | null
  readonly color: string
}

export function personColor({ id, color }: Chosen): string {
  return id !== null && id.startsWith('usr_') ? colorOf(id) : color
}

/** The colour of an account, by its id (FNV-1a: ids made in the same moment differ in their last letters only). */
export function colorOf(id: string): string {
  let hash = 0x811c9dc5
  for (const char of id) hash = Math.imul(hash ^ char.charCodeAt(0), 0x01000193)
  hash ^= hash >>> 15
  return COLORS_BY_ID[(hash >>> 0) % COLORS_BY_ID.length] ?? COLORS_BY_ID[0]
}
