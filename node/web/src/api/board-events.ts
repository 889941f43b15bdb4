/**
 * What changes among one's boards, as it happens. Whoever cannot hear it (a proxy in between, too many listeners) goes
 * on asking for the list now and then.
 */

import { address } from '../base'
import { placed } from '../nodes'
import { account } from './browser-session'

const RETRY_MS_FIRST = 1_000
const RETRY_MS_MAX = 60_000
/** What comes in one burst is one change. */
const GATHER_MS = 100

/** Calls `changed` after each change until the function that it returns is called. */
export function watchBoards(changed: () => void): () => void {
  const ended = new AbortController()
  let timer: ReturnType<typeof setTimeout> | undefined
  const soon = () => {
    clearTimeout(timer)
    timer = setTimeout(changed, GATHER_MS)
  }
  void listen(soon, ended.signal)
  return () => {
    ended.abort()
    clearTimeout(timer)
  }
}

async function listen(changed: () => void, signal: AbortSignal): Promise<void> {
  let retryMs = RETRY_MS_FIRST
  while (!signal.aborted) {
    const outcome = await hear(changed, signal)
    if (outcome === 'refused') return
    if (outcome === 'heard') {
      retryMs = RETRY_MS_FIRST
      // Something may have changed while nobody listened.
      changed()
    }
    const waitMs = retryMs
    await new Promise((done) => setTimeout(done, waitMs))
    retryMs = Math.min(2 * retryMs, RETRY_MS_MAX)
  }
}

/** Reads one response to its end. */
async function hear(changed: () => void, signal: AbortSignal): Promise<'heard' | 'nothing' | 'refused'> {
  try {
    const bearer = await account.bearer()
    const headers: Record<string, string> = { accept: 'text/event-stream' }
    if (bearer !== null) headers['authorization'] = `Bearer ${bearer}`
    const response = await fetch(placed(address('/api/v1/me/stream')), { headers, cache: 'no-store', signal })
    if (response.status >= 400 && response.status < 500 && response.status !== 429) return 'refused'
    if (!response.ok || response.body === null) return 'nothing'
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader()
    for (;;) {
      const piece = await reader.read()
      if (piece.done) return 'heard'
      // Which board it is about does not matter: the list is asked for again as it is shown.
      if (/^event: (board|gone|me|all)$/m.test(piece.value)) changed()
    }
  } catch {
    return 'nothing'
  }
}
