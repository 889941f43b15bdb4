import { address } from '../../../base'

/** To the server and back by the shortest request there is; null without an answer. */
export async function roundTrip_ms(signal: AbortSignal): Promise<number | null> {
  const begun = performance.now()
  try {
    await fetch(address('/favicon.svg'), { method: 'HEAD', cache: 'no-store', signal })
    return performance.now() - begun
  } catch {
    return null
  }
}
