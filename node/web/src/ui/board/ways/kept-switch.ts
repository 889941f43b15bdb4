/** Something a person switches on or off in this browser. Nothing of a guest is kept. */

import { isVisit } from '../../../api/visit'

export interface KeptSwitch {
  read(owner: string): boolean
  keep(owner: string, on: boolean): void
}

export function keptSwitch(key: string): KeptSwitch {
  const keyOf = (owner: string) => (owner === '' ? key : `${key}.${owner}`)
  return {
    read(owner) {
      try {
        return localStorage.getItem(keyOf(owner)) === 'on'
      } catch {
        return false
      }
    },
    keep(owner, on) {
      if (isVisit(owner)) return
      try {
        localStorage.setItem(keyOf(owner), on ? 'on' : 'off')
      } catch {
        // Storage is blocked or full: it lasts as long as the page.
      }
    },
  }
}
