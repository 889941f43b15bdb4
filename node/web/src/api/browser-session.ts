/** This browser's account: `session.ts` on what a browser has. */

import { exchange } from './exchange'
import type { Account, Note, SessionPlatform } from './session'
import { createAccount, readNote } from './session'

/** public/boot.js reads it as well. */
const HINT_KEY = 'easel.user'
const CHANNEL = 'easel.session'
const LOCK = 'easel.session'

export const account: Account = createAccount(browserPlatform())

function browserPlatform(): SessionPlatform {
  const channel = typeof BroadcastChannel === 'undefined' ? null : new BroadcastChannel(CHANNEL)
  const locks = typeof navigator === 'undefined' ? undefined : navigator.locks
  return {
    async post(path, body, bearer) {
      return (await exchange({ method: 'POST', path, body }, bearer)).body
    },
    nowMs: Date.now,
    later(run, afterMs) {
      const timer = setTimeout(run, afterMs)
      return () => clearTimeout(timer)
    },
    // Only where pages are secure (this machine, or HTTPS); elsewhere the server bears with two at once.
    alone: (work) => (locks === undefined ? work() : locks.request(LOCK, work)),
    tell: (note: Note) => channel?.postMessage(note),
    onNote(listener) {
      channel?.addEventListener('message', (event: MessageEvent<unknown>) => {
        const note = readNote(event.data)
        if (note !== null) listener(note)
      })
    },
    hint: { read: readHint, write: writeHint },
  }
}

function readHint(): string | null {
  try {
    return localStorage.getItem(HINT_KEY)
  } catch {
    return null
  }
}

function writeHint(hint: string | null): void {
  try {
    if (hint === null) localStorage.removeItem(HINT_KEY)
    else if (hint !== localStorage.getItem(HINT_KEY)) localStorage.setItem(HINT_KEY, hint)
  } catch {
    // Storage is blocked: the next page finds out by asking.
  }
}
