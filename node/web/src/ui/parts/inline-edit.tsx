/** Text that becomes a field on demand. Enter and leaving keep what was typed, Escape does not. */

import { useEffect, useRef } from 'react'

export interface InlineEditProps {
  readonly value: string
  readonly editing: boolean
  readonly label: string
  readonly charsMax: number
  readonly className?: string
  readonly testId?: string
  readonly onDone: (next: string | null) => void
}

export function InlineEdit(props: InlineEditProps) {
  const { value, editing, label, charsMax, className, testId, onDone } = props
  const name = className === undefined ? 'inline-edit' : `inline-edit ${className}`
  if (!editing) {
    return (
      <span className={name} data-testid={testId} title={value}>
        {value}
      </span>
    )
  }
  return (
    <span className={name}>
      <Field value={value} label={label} charsMax={charsMax} testId={testId} onDone={onDone} />
    </span>
  )
}

interface FieldProps {
  readonly value: string
  readonly label: string
  readonly charsMax: number
  readonly testId: string | undefined
  readonly onDone: (next: string | null) => void
}

function Field({ value, label, charsMax, testId, onDone }: FieldProps) {
  const input = useRef<HTMLInputElement>(null)
  // Leaving after Escape or Enter must not count a second time.
  const done = useRef(false)

  useEffect(() => {
    input.current?.focus()
    input.current?.select()
  }, [])

  const finish = (next: string | null) => {
    if (done.current) return
    done.current = true
    const trimmed = next?.trim() ?? ''
    onDone(trimmed === '' || trimmed === value ? null : trimmed)
  }

  return (
    <input
      ref={input}
      className="inline-edit__input"
      data-testid={testId === undefined ? undefined : `${testId}-input`}
      aria-label={label}
      defaultValue={value}
      maxLength={charsMax}
      spellCheck={false}
      autoComplete="off"
      onBlur={(event) => finish(event.currentTarget.value)}
      onKeyDown={(event) => {
        event.stopPropagation()
        if (event.nativeEvent.isComposing) return
        if (event.key === 'Enter') finish(event.currentTarget.value)
        if (event.key === 'Escape') finish(null)
      }}
    />
  )
}
