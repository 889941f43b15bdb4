import type { LucideIcon } from 'lucide-react'
import { useCallback, useRef, useState } from 'react'
import { IconButton } from './icon-button'
import type { MenuEntry } from './menu'
import { Menu } from './menu'
import type { Placement } from './popover'
import type { TipSide } from './tip'

export interface MenuButtonProps {
  readonly icon: LucideIcon
  readonly label: string
  readonly placement: Placement
  readonly size?: 'small' | 'regular'
  readonly tipSide?: TipSide
  readonly testId?: string
  readonly className?: string
  /** Made when the menu opens. */
  readonly entries: () => readonly MenuEntry[]
}

export function MenuButton({ placement, entries, ...button }: MenuButtonProps) {
  const anchor = useRef<HTMLButtonElement>(null)
  const [open, setOpen] = useState(false)
  const close = useCallback(() => setOpen(false), [])
  return (
    <>
      <IconButton
        {...button}
        ref={anchor}
        aria-haspopup="menu"
        aria-expanded={open}
        onClick={() => setOpen(!open)}
        onKeyDown={(event) => {
          if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
            event.preventDefault()
            setOpen(true)
          }
        }}
      />
      {open && (
        <Menu
          anchor={anchor}
          placement={placement}
          label={button.label}
          entries={entries()}
          onClose={close}
        />
      )}
    </>
  )
}
