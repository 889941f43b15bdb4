/** A menu of verbs, or of one choice among several. Arrows, Home, End, first letters and Escape work. */

import type { LucideIcon } from 'lucide-react'
import { Check } from 'lucide-react'
import type { KeyboardEvent, RefObject } from 'react'
import { Glyph } from './glyph'
import type { Placement } from './popover'
import { Popover } from './popover'

export type MenuEntry =
  | {
      readonly kind: 'item'
      readonly label: string
      readonly icon?: LucideIcon
      readonly shortcut?: string | undefined
      readonly danger?: boolean
      readonly disabled?: boolean
      /** Set for one of several: shown with a tick. */
      readonly checked?: boolean
      /** With `checked`: on or off by itself. */
      readonly isSwitch?: boolean
      readonly testId?: string
      readonly run: () => void
    }
  | { readonly kind: 'line' }

export interface MenuProps {
  readonly anchor: RefObject<HTMLElement | null>
  readonly placement: Placement
  readonly label: string
  readonly entries: readonly MenuEntry[]
  readonly onClose: () => void
}

export function Menu({ anchor, placement, label, entries, onClose }: MenuProps) {
  return (
    <Popover anchor={anchor} placement={placement} label={label} role="menu" onClose={onClose}>
      <Entries entries={entries} onClose={onClose} />
    </Popover>
  )
}

/** The same as a part of a panel that holds more than a menu. */
export function MenuItems({ label, entries, onClose }: Pick<MenuProps, 'label' | 'entries' | 'onClose'>) {
  return (
    <div role="menu" aria-label={label}>
      <Entries entries={entries} onClose={onClose} />
    </div>
  )
}

function Entries({ entries, onClose }: Pick<MenuProps, 'entries' | 'onClose'>) {
  return (
    <div className="menu" role="none" onKeyDown={moveFocus}>
      {entries.map((entry, at) =>
        entry.kind === 'line' ? (
          // Entries have no other name than where they stand, and never move while the menu is open.
          // oxlint-disable-next-line react/no-array-index-key
          <div key={at} role="separator" className="menu__line" />
        ) : (
          <button
            key={entry.label}
            type="button"
            role={roleOf(entry)}
            aria-checked={entry.checked}
            disabled={entry.disabled}
            data-testid={entry.testId}
            className={`menu__item${entry.danger === true ? ' menu__item--danger' : ''}`}
            onClick={() => {
              onClose()
              entry.run()
            }}
          >
            {entry.icon !== undefined && <Glyph icon={entry.icon} size={16} />}
            <span className="menu__label">{entry.label}</span>
            {entry.shortcut !== undefined && <span className="menu__key">{entry.shortcut}</span>}
            {entry.checked !== undefined && <Glyph icon={Check} size={16} className="menu__check" />}
          </button>
        ),
      )}
    </div>
  )
}

function roleOf({ checked, isSwitch }: Extract<MenuEntry, { kind: 'item' }>): string {
  if (checked === undefined) return 'menuitem'
  return isSwitch === true ? 'menuitemcheckbox' : 'menuitemradio'
}

function moveFocus(event: KeyboardEvent<HTMLElement>): void {
  const items = [...event.currentTarget.querySelectorAll<HTMLElement>('button:not(:disabled)')]
  const at = items.findIndex((item) => item === document.activeElement)
  const to = target(event.key, items, at)
  if (to === undefined) return
  event.preventDefault()
  to.focus()
}

function target(key: string, items: readonly HTMLElement[], at: number): HTMLElement | undefined {
  const around = (index: number) => items[(index + items.length) % items.length]
  switch (key) {
    case 'ArrowDown':
      return around(at + 1)
    case 'ArrowUp':
      return around(at < 0 ? -1 : at - 1)
    case 'Home':
      return items[0]
    case 'End':
      return items[items.length - 1]
    default: {
      if (key.length !== 1 || key === ' ') return undefined
      const letter = key.toLowerCase()
      const after = [...items.slice(at + 1), ...items.slice(0, at + 1)]
      return after.find((item) => item.textContent.toLowerCase().startsWith(letter))
    }
  }
}
