/** What a key means while a board is presented. */

export type Wish = 'next' | 'previous' | 'first' | 'last' | 'end' | 'laser'

export function wishOf(key: string): Wish | null {
  switch (key) {
    case 'ArrowRight':
    case 'ArrowDown':
    case 'PageDown':
    case ' ':
    case 'Enter':
      return 'next'
    case 'ArrowLeft':
    case 'ArrowUp':
    case 'PageUp':
    case 'Backspace':
      return 'previous'
    case 'Home':
      return 'first'
    case 'End':
      return 'last'
    case 'Escape':
      return 'end'
    case 'k':
    case 'K':
      return 'laser'
    default:
      return null
  }
}

/** The place after a wish; it stays where there is none. */
export function placeAfter(wish: Wish, at: number, all: number): number {
  switch (wish) {
    case 'next':
      return Math.min(all - 1, at + 1)
    case 'previous':
      return Math.max(0, at - 1)
    case 'first':
      return 0
    case 'last':
      return Math.max(0, all - 1)
    case 'end':
    case 'laser':
      return at
  }
}
