/** Short messages at the foot of the page, one of which may offer a way back. */

import { X } from 'lucide-react'
import { useEffect, useState } from 'react'
import { createStore } from '../../core/store'
import { strings } from '../strings'
import { useStore } from '../use-store'
import { Glyph } from './glyph'

export interface Toast {
  readonly text: string
  readonly action?: { readonly label: string; readonly testId?: string; readonly run: () => void }
}

const PLAIN_MS = 5_000
const WITH_ACTION_MS = 9_000
/** More than this many at once cover the page; the oldest goes. */
const TOASTS_MAX = 3

interface Entry extends Toast {
  readonly id: number
}

const entries = createStore<readonly Entry[]>([])
let nextId = 1

/** What is said already is said anew, not twice. */
export function showToast(toast: Toast): void {
  const others = entries.get().filter((entry) => entry.text !== toast.text)
  entries.set([...others, { ...toast, id: nextId++ }].slice(-TOASTS_MAX))
}

function dismiss(id: number): void {
  entries.set(entries.get().filter((entry) => entry.id !== id))
}

export function ToastLayer({ aboveTools }: { aboveTools: boolean }) {
  const shown = useStore(entries, (all) => all)
  return (
    <div
      role="status"
      aria-live="polite"
      className={`toasts${aboveTools ? ' toasts--above-tools' : ''}`}
      data-testid="toasts"
    >
      {shown.map((entry) => (
        <ToastItem key={entry.id} entry={entry} />
      ))}
    </div>
  )
}

function ToastItem({ entry }: { entry: Entry }) {
  const [held, setHeld] = useState(false)
  const { id, text, action } = entry

  useEffect(() => {
    if (held) return
    const timer = setTimeout(() => dismiss(id), action === undefined ? PLAIN_MS : WITH_ACTION_MS)
    return () => clearTimeout(timer)
  }, [held, id, action])

  return (
    <div
      className="toast"
      onPointerEnter={() => setHeld(true)}
      onPointerLeave={() => setHeld(false)}
      onFocus={() => setHeld(true)}
      onBlur={() => setHeld(false)}
    >
      <span className="toast__text">{text}</span>
      {action !== undefined && (
        <button
          type="button"
          className="toast__action"
          data-testid={action.testId}
          onClick={() => {
            dismiss(id)
            action.run()
          }}
        >
          {action.label}
        </button>
      )}
      <button type="button" className="toast__close" aria-label={strings.dismiss} onClick={() => dismiss(id)}>
        <Glyph icon={X} size={16} />
      </button>
    </div>
  )
}
