import type { SignedInPlace } from '../../api/auth'
import { endOtherSessions, endSession, listSessions } from '../../api/auth'
import { showToast } from '../parts/toasts'
import { problemText } from '../problem'
import { relativeTime } from '../relative-time'
import { leaveThisBrowser } from '../sign-out'
import { strings } from '../strings'
import { useAsked } from '../use-asked'
import { useNow } from '../use-now'

export function SessionsSection() {
  const { state, again, put } = useAsked(listSessions)
  const nowMs = useNow()
  const words = strings.account
  if (state.at === 'waiting') return <p className="muted">{words.loading}</p>
  if (state.at === 'failed') {
    return (
      <p className="form__failure" role="alert">
        <span>{problemText(state.failure)}</span>
        <button type="button" className="link" onClick={again}>
          {strings.retry}
        </button>
      </p>
    )
  }
  const places = state.value
  const end = async (work: () => Promise<void>, rest: readonly SignedInPlace[]) => {
    try {
      await work()
      put(rest)
    } catch (failure) {
      showToast({ text: problemText(failure) })
    }
  }
  return (
    <>
      <ul className="rows" data-testid="sessions">
        {places.map((place) => (
          <li key={place.id} className="row" data-testid="session">
            <div className="row__words">
              <span className="row__title">
                {agentWords(place.agent)}
                {place.current && <span className="chip chip--ok">{words.thisOne}</span>}
              </span>
              <span className="row__text">
                {words.seen(place.network, relativeTime(place.lastSeenAt, nowMs))}
              </span>
            </div>
            <button
              type="button"
              className="button button--ghost"
              aria-label={place.current ? undefined : words.endNamed(agentWords(place.agent))}
              data-testid="session-end"
              onClick={() =>
                place.current
                  ? void leaveThisBrowser('this')
                  : void end(
                      () => endSession(place.id),
                      places.filter((one) => one !== place),
                    )
              }
            >
              {place.current ? words.signOut : words.end}
            </button>
          </li>
        ))}
      </ul>
      {places.length > 1 && (
        <div className="form__foot">
          <button
            type="button"
            className="button button--secondary"
            data-testid="sessions-end-others"
            onClick={() =>
              void end(
                endOtherSessions,
                places.filter((one) => one.current),
              )
            }
          >
            {words.endAllOthers}
          </button>
        </div>
      )}
    </>
  )
}

const BROWSERS: readonly (readonly [RegExp, string])[] = [
  [/Edg\//, 'Edge'],
  [/OPR\//, 'Opera'],
  [/Firefox\//, 'Firefox'],
  [/(HeadlessChrome|Chrome|Chromium)\//, 'Chrome'],
  [/Safari\//, 'Safari'],
  [/curl\//, 'curl'],
]
const SYSTEMS: readonly (readonly [RegExp, string])[] = [
  [/Android/, 'Android'],
  [/iPhone|iPad/, 'iOS'],
  [/Windows/, 'Windows'],
  [/Mac OS X|Macintosh/, 'macOS'],
  [/Linux/, 'Linux'],
]

/** A browser and its system, as far as they say what they are. */
export function agentWords(agent: string): string {
  const named = (names: readonly (readonly [RegExp, string])[]) =>
    names.find(([pattern]) => pattern.test(agent))?.[1]
  const browser = named(BROWSERS)
  const system = named(SYSTEMS)
  if (browser !== undefined) return system === undefined ? browser : strings.account.agent(browser, system)
  return agent === '' ? strings.account.unknownAgent : agent.slice(0, 60)
}
