/** How much moves: as much as the system says, or less. The styles and the painter read it off the page. */

import { createStore } from '../core/store'

export type MotionChoice = 'system' | 'less'

const KEY = 'easel.motion'

export const motionChoice = createStore<MotionChoice>(read())
apply()

function read(): MotionChoice {
  try {
    return localStorage.getItem(KEY) === 'less' ? 'less' : 'system'
  } catch {
    return 'system'
  }
}

function apply(): void {
  document.documentElement.dataset['motion'] = motionChoice.get()
}

export function chooseMotion(next: MotionChoice): void {
  motionChoice.set(next)
  try {
    localStorage.setItem(KEY, next)
  } catch {
    // Storage is blocked: the choice lasts as long as the page.
  }
  apply()
}

/** What is shown as a way may jump instead. */
export function isStill(): boolean {
  return motionChoice.get() === 'less' || matchMedia('(prefers-reduced-motion: reduce)').matches
}
