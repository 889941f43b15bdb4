/** One's own picture: chosen, seen before it is there, on its way, taken away. */

import type { ChangeEvent } from 'react'
import { useEffect, useRef, useState } from 'react'
import { removePicture, setPicture } from '../../api/me'
import type { Me } from '../../api/session'
import { colorOf } from '../../core/person-color'
import { Avatar } from '../parts/avatar'
import { FormFailure } from '../parts/form'
import { showToast } from '../parts/toasts'
import { strings } from '../strings'

const TYPES = 'image/png,image/jpeg,image/gif,image/webp'

type State =
  | { readonly at: 'rest'; readonly failure: unknown }
  | { readonly at: 'sending'; readonly preview: string; readonly share: number }
  | { readonly at: 'removing' }

const REST: State = { at: 'rest', failure: null }

export function PictureField({ me }: { me: Me }) {
  const [state, setState] = useState<State>(REST)
  const input = useRef<HTMLInputElement>(null)
  const way = useRef<AbortController | null>(null)
  const words = strings.account.picture
  useEffect(() => () => way.current?.abort(), [])
  const preview = state.at === 'sending' ? state.preview : null
  useEffect(() => (preview === null ? undefined : () => URL.revokeObjectURL(preview)), [preview])

  const choose = async (event: ChangeEvent<HTMLInputElement>) => {
    const file = event.target.files?.[0]
    // The same file can be chosen again.
    event.target.value = ''
    if (file === undefined) return
    const over = new AbortController()
    way.current = over
    const shown = URL.createObjectURL(file)
    const onProgress = (share: number) => setState({ at: 'sending', preview: shown, share })
    onProgress(0)
    try {
      await setPicture(file, onProgress, over.signal)
      setState(REST)
      showToast({ text: words.saved })
    } catch (failure) {
      setState({ at: 'rest', failure: over.signal.aborted ? null : failure })
    }
  }
  const remove = async () => {
    setState({ at: 'removing' })
    try {
      await removePicture()
      setState(REST)
      showToast({ text: words.removed })
    } catch (failure) {
      setState({ at: 'rest', failure })
    }
  }

  return (
    <div className="picture" data-testid="picture">
      <Avatar name={me.name} color={colorOf(me.id)} picture={preview ?? me.avatarUrl} size="large" />
      <div className="picture__side">
        <span className="field__label">{words.label}</span>
        {state.at === 'sending' ? (
          <>
            <progress className="picture__progress" aria-label={words.sending} max={1} value={state.share} />
            <div className="picture__buttons">
              <button type="button" className="button button--secondary" onClick={() => way.current?.abort()}>
                {strings.cancel}
              </button>
            </div>
          </>
        ) : (
          <div className="picture__buttons">
            <button
              type="button"
              className="button button--secondary"
              disabled={state.at === 'removing'}
              onClick={() => input.current?.click()}
            >
              {me.avatarUrl === null ? words.choose : words.change}
            </button>
            {me.avatarUrl !== null && (
              <button
                type="button"
                className="button button--danger-quiet"
                data-testid="picture-remove"
                disabled={state.at === 'removing'}
                onClick={() => void remove()}
              >
                {words.remove}
              </button>
            )}
          </div>
        )}
        <p className="field__hint">{words.hint}</p>
        {state.at === 'rest' && <FormFailure failure={state.failure} />}
      </div>
      <input
        ref={input}
        type="file"
        accept={TYPES}
        hidden
        aria-label={words.choose}
        data-testid="picture-file"
        onChange={(event) => void choose(event)}
      />
    </div>
  )
}
