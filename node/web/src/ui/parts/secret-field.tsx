/** Something that is shown this once: to be copied now. */

import { Check, Copy } from 'lucide-react'
import { useId, useRef, useState } from 'react'
import { strings } from '../strings'
import { Glyph } from './glyph'

export function SecretField(props: { label: string; hint: string; value: string; testId?: string }) {
  const { label, hint, value, testId } = props
  const id = useId()
  const input = useRef<HTMLInputElement>(null)
  const [copied, setCopied] = useState(false)
  const copy = async () => {
    input.current?.select()
    try {
      await navigator.clipboard.writeText(value)
      setCopied(true)
    } catch {
      // Not allowed without a secure origin: it is selected, so the keys of the browser copy it.
      input.current?.focus()
    }
  }
  return (
    <div className="secret" data-testid={testId}>
      <label className="field__label" htmlFor={id}>
        {label}
      </label>
      <div className="secret__row">
        <input
          id={id}
          ref={input}
          className="field__input secret__value"
          data-testid={testId === undefined ? undefined : `${testId}-value`}
          value={value}
          readOnly
          aria-describedby={`${id}-hint`}
          onFocus={(event) => event.currentTarget.select()}
        />
        <button type="button" className="button button--secondary" onClick={() => void copy()}>
          <Glyph icon={copied ? Check : Copy} size={16} />
          {copied ? strings.copied : strings.copy}
        </button>
      </div>
      <p id={`${id}-hint`} className="field__hint">
        {hint}
      </p>
      <span className="sr-only" role="status">
        {copied ? strings.copied : ''}
      </span>
    </div>
  )
}
