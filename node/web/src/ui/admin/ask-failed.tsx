import { problemText } from '../problem'
import { strings } from '../strings'

/** The server did not tell: why, and once more. */
export function AskFailed({ failure, again }: { readonly failure: unknown; readonly again: () => void }) {
  return (
    <p className="form__failure" role="alert">
      <span>{problemText(failure)}</span>
      <button type="button" className="link" onClick={again}>
        {strings.retry}
      </button>
    </p>
  )
}
