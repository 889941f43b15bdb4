/** How fast the page is just now: its frames, the way to the server and back, and the time until changes are saved. */

import { useEffect, useState } from 'react'
import type { BoardSession } from '../../../sync/session'
import { strings } from '../../strings'
import { meanOf, slowestOf } from './frame-times'
import { roundTrip_ms } from './round-trip'

const FRAMES_KEPT = 120
const SHOW_EVERY_MS = 500
const ASK_EVERY_MS = 3_000

export default function Figures({ session }: { session: BoardSession }) {
  const words = strings.ways.figures
  const frames = useFrames()
  const trip = useRoundTrip()
  const saved = useTimeToSaved(session)
  const time = (ms: number | null) => (ms === null ? words.none : words.time(ms))
  return (
    <section aria-label={words.title}>
      <dl className="island figures" data-testid="figures">
        <dt>{words.frame}</dt>
        <dd data-testid="figure-frame">
          {frames.length === 0 ? words.none : words.frames(meanOf(frames), slowestOf(frames))}
        </dd>
        <dt>{words.trip}</dt>
        <dd data-testid="figure-trip">{time(trip)}</dd>
        <dt>{words.saved}</dt>
        <dd data-testid="figure-saved">{time(saved)}</dd>
      </dl>
    </section>
  )
}

/** The times between the last frames, shown twice a second. */
function useFrames(): readonly number[] {
  const [shown, setShown] = useState<readonly number[]>([])
  useEffect(() => {
    const kept: number[] = []
    let last: number | null = null
    let frame = requestAnimationFrame(function next(now) {
      if (last !== null) kept.push(now - last)
      if (kept.length > FRAMES_KEPT) kept.shift()
      last = now
      frame = requestAnimationFrame(next)
    })
    const timer = setInterval(() => setShown([...kept]), SHOW_EVERY_MS)
    return () => {
      cancelAnimationFrame(frame)
      clearInterval(timer)
    }
  }, [])
  return shown
}

function useRoundTrip(): number | null {
  const [trip, setTrip] = useState<number | null>(null)
  useEffect(() => {
    const over = new AbortController()
    const ask = async () => {
      const ms = await roundTrip_ms(over.signal)
      if (!over.signal.aborted) setTrip(ms)
    }
    void ask()
    const timer = setInterval(() => void ask(), ASK_EVERY_MS)
    return () => {
      over.abort()
      clearInterval(timer)
    }
  }, [])
  return trip
}

/** From the first change that is not on disk to the moment at which all of them are. */
function useTimeToSaved(session: BoardSession): number | null {
  const [time, setTime] = useState<number | null>(null)
  useEffect(() => {
    let begun: number | null = null
    return session.status.subscribe(() => {
      const { phase, unsaved } = session.status.get()
      if (unsaved > 0) begun ??= performance.now()
      else if (phase === 'saved' && begun !== null) {
        setTime(performance.now() - begun)
        begun = null
      }
    })
  }, [session])
  return time
}
