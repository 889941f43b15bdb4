/** What a properties bar is made of: a button that opens a panel, and rows of choices in it. */

import type { ReactNode } from 'react'
import { useCallback, useRef, useState } from 'react'
import { Popover } from '../parts/popover'
import { tipProps } from '../parts/tip'

interface PartButtonProps {
  readonly label: string
  readonly testId: string
  readonly face: ReactNode
  readonly children: ReactNode
}

export function Part({ label, testId, face, children }: PartButtonProps) {
  const anchor = useRef<HTMLButtonElement>(null)
  const [open, setOpen] = useState(false)
  const close = useCallback(() => setOpen(false), [])
  return (
    <>
      <button
        ref={anchor}
        type="button"
        className="icon-button"
        aria-label={label}
        aria-haspopup="dialog"
        aria-expanded={open}
        data-testid={testId}
        onClick={() => setOpen(!open)}
        {...tipProps(label, { side: 'top' })}
      >
        {face}
      </button>
      {open && (
        <Popover anchor={anchor} placement="below" label={label} className="panel" onClose={close}>
          {children}
        </Popover>
      )}
    </>
  )
}

interface ChoicesProps {
  readonly label: string
  /** One row, or rows of seven. */
  readonly rows?: 'one' | 'sevens'
  readonly children: ReactNode
}

export function Choices({ label, rows = 'one', children }: ChoicesProps) {
  return (
    <div className="panel__section">
      <span className="panel__label">{label}</span>
      <div
        className={`choices${rows === 'one' ? '' : ' choices--sevens'}`}
        role="radiogroup"
        aria-label={label}
      >
        {children}
      </div>
    </div>
  )
}

interface ChoiceProps {
  readonly label: string
  readonly testId: string
  readonly chosen: boolean
  readonly onChoose: () => void
  readonly children: ReactNode
}

export function Choice({ label, testId, chosen, onChoose, children }: ChoiceProps) {
  return (
    <button
      type="button"
      role="radio"
      aria-checked={chosen}
      aria-label={label}
      className="choices__one"
      data-testid={testId}
      onClick={onChoose}
      {...tipProps(label, { side: 'top' })}
    >
      {children}
    </button>
  )
}
