/** Fields with their label, hint and complaint, and what happens when a form is sent. */

import { Eye, EyeOff, TriangleAlert } from 'lucide-react'
import type { FormEvent, HTMLInputTypeAttribute, ReactNode } from 'react'
import { useId, useState } from 'react'
import { fieldComplaint, problemText } from '../problem'
import { strings } from '../strings'
import { Glyph } from './glyph'
import { IconButton } from './icon-button'

export interface FieldProps {
  readonly label: string
  readonly value: string
  readonly onChange: (value: string) => void
  readonly type?: HTMLInputTypeAttribute
  readonly hint?: string | undefined
  /** What is wrong with it. */
  readonly complaint?: string | null
  readonly autoComplete?: string
  readonly placeholder?: string
  readonly charsMax?: number
  readonly charsMin?: number | undefined
  readonly min?: number
  readonly required?: boolean
  readonly readOnly?: boolean
  readonly focusFirst?: boolean
  readonly testId?: string
  /** Stands in the field, at its end. */
  readonly end?: ReactNode
}

export function Field(props: FieldProps) {
  const { label, value, onChange, type = 'text', hint, required = false, end } = props
  const id = useId()
  // What the browser found when the form was sent, in our words and not in a bubble of its own.
  const [unfit, setUnfit] = useState<string | null>(null)
  const complaint = unfit ?? props.complaint ?? null
  const about = [hint !== undefined && `${id}-hint`, complaint !== null && `${id}-wrong`].filter(Boolean)
  return (
    <div className="field">
      <label className="field__label" htmlFor={id}>
        {label}
      </label>
      <div className="field__frame">
        <input
          id={id}
          className="field__input"
          type={type}
          value={value}
          required={required}
          readOnly={props.readOnly}
          min={props.min}
          minLength={props.charsMin}
          maxLength={props.charsMax}
          placeholder={props.placeholder}
          autoComplete={props.autoComplete ?? 'off'}
          autoFocus={props.focusFirst}
          spellCheck={false}
          aria-invalid={complaint !== null}
          aria-describedby={about.length > 0 ? about.join(' ') : undefined}
          data-testid={props.testId}
          onInvalid={(event) => {
            event.preventDefault()
            setUnfit(unfitWords(label, event.currentTarget))
            focusFirstUnfit(event.currentTarget.form)
          }}
          onChange={(event) => {
            setUnfit(null)
            onChange(event.currentTarget.value)
          }}
        />
        {end}
      </div>
      {complaint !== null && (
        <p id={`${id}-wrong`} className="field__wrong">
          {aboutField(label, complaint)}
        </p>
      )}
      {hint !== undefined && (
        <p id={`${id}-hint`} className="field__hint">
          {hint}
        </p>
      )}
    </div>
  )
}

function unfitWords(label: string, { validity, minLength, min }: HTMLInputElement): string {
  const words = strings.form.unfit
  const what = label.replace(/ \(.*/, '')
  if (validity.valueMissing) return words.missing(what)
  if (validity.typeMismatch) return words.email
  if (validity.tooShort) return words.short(minLength)
  if (validity.rangeUnderflow) return words.low(min)
  return words.other
}

/** As browsers do before they show their own words. */
function focusFirstUnfit(form: HTMLFormElement | null): void {
  form?.querySelector<HTMLElement>('input:invalid, select:invalid, textarea:invalid')?.focus()
}

/** The server says what is wrong with a field without naming it: “is not an address”. */
function aboutField(label: string, complaint: string): string {
  return /^[a-z]/.test(complaint) ? `${label.replace(/ \(.*/, '')} ${complaint}.` : complaint
}

/** What was typed can be looked at: nobody need type it twice. */
export function PasswordField(props: Omit<FieldProps, 'type' | 'end'>) {
  const [shown, setShown] = useState(false)
  return (
    <Field
      {...props}
      type={shown ? 'text' : 'password'}
      end={
        <IconButton
          icon={shown ? EyeOff : Eye}
          size="small"
          label={shown ? strings.form.hidePassword : strings.form.showPassword}
          aria-pressed={shown}
          className="field__end"
          onClick={() => setShown(!shown)}
        />
      }
    />
  )
}

export interface SelectProps<T extends string> {
  readonly label: string
  readonly value: T
  readonly options: readonly { readonly value: T; readonly label: string }[]
  readonly onChange: (value: T) => void
  /** The label is there for who listens only. */
  readonly bare?: boolean
  readonly disabled?: boolean
  readonly testId?: string
}

/** The browser's own list, which works everywhere and with everything. */
export function Select<T extends string>(props: SelectProps<T>) {
  const { label, value, options, onChange, bare = false } = props
  const id = useId()
  const select = (
    <select
      id={id}
      className={`select${bare ? ' select--bare' : ''}`}
      value={value}
      disabled={props.disabled}
      aria-label={bare ? label : undefined}
      data-testid={props.testId}
      onChange={(event) => {
        const chosen = options.find((option) => option.value === event.currentTarget.value)
        if (chosen !== undefined) onChange(chosen.value)
      }}
    >
      {options.map((option) => (
        <option key={option.value} value={option.value}>
          {option.label}
        </option>
      ))}
    </select>
  )
  if (bare) return select
  return (
    <div className="field">
      <label className="field__label" htmlFor={id}>
        {label}
      </label>
      {select}
    </div>
  )
}

export interface CheckProps {
  readonly label: string
  readonly hint?: string
  readonly checked: boolean
  readonly onChange: (checked: boolean) => void
  readonly testId?: string
}

export function Check({ label, hint, checked, onChange, testId }: CheckProps) {
  return (
    <label className="check">
      <input
        type="checkbox"
        className="check__box"
        checked={checked}
        data-testid={testId}
        onChange={(event) => onChange(event.currentTarget.checked)}
      />
      <span className="check__words">
        {label}
        {hint !== undefined && <span className="check__hint">{hint}</span>}
      </span>
    </label>
  )
}

/** What went wrong with all of it. */
export function FormFailure({ failure, handled = [] }: { failure: unknown; handled?: readonly string[] }) {
  if (failure === null) return null
  if (handled.some((field) => fieldComplaint(failure, field) !== null)) return null
  return (
    <p className="form__failure" role="alert" data-testid="form-failure">
      <Glyph icon={TriangleAlert} size={16} />
      <span>{sentence(problemText(failure))}</span>
    </p>
  )
}

function sentence(text: string): string {
  const begun = text.charAt(0).toLocaleUpperCase() + text.slice(1)
  return /[.!?]$/.test(begun) ? begun : `${begun}.`
}

export interface Submit {
  readonly busy: boolean
  readonly failure: unknown
  readonly onSubmit: (event: FormEvent) => void
}

/** Sends once at a time; a failure stays until the next attempt. */
export function useSubmit(action: () => Promise<void>): Submit {
  const [busy, setBusy] = useState(false)
  const [failure, setFailure] = useState<unknown>(null)
  const run = async () => {
    setBusy(true)
    setFailure(null)
    try {
      await action()
    } catch (thrown) {
      setFailure(thrown)
    }
    setBusy(false)
  }
  return {
    busy,
    failure,
    onSubmit(event) {
      event.preventDefault()
      if (!busy) void run()
    },
  }
}

export interface SubmitButtonProps {
  readonly busy: boolean
  readonly label: string
  readonly wide?: boolean
  readonly danger?: boolean
  readonly disabled?: boolean
  readonly testId?: string
}

export function SubmitButton(props: SubmitButtonProps) {
  const { busy, label, wide = false, danger = false, disabled = false, testId } = props
  const kind = danger ? 'button--danger' : 'button--primary'
  return (
    <button
      type="submit"
      className={`button ${kind}${wide ? ' button--wide' : ''}`}
      disabled={busy || disabled}
      data-testid={testId}
    >
      {busy && <span className="spinner" aria-hidden="true" />}
      {label}
    </button>
  )
}
