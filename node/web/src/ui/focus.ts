/**
 * Whether this person moves by keyboard. Browsers guess it from the last focus alone and then draw
 * rings after a press of the mouse that moved the focus by script; Tab is the honest sign.
 */

const root = document.documentElement

export function watchFocus(): void {
  document.addEventListener(
    'keydown',
    (event) => {
      if (event.key === 'Tab') root.dataset['focus'] = 'keys'
    },
    true,
  )
  document.addEventListener('pointerdown', () => delete root.dataset['focus'], true)
}

export function isByKeys(): boolean {
  return root.dataset['focus'] === 'keys'
}
