/**
 * Places for streams, shared by the tabs of a browser.
 *
 * Over HTTP/1.1 a browser opens six connections to a host, for all tabs together. With a stream on
 * each of them no post could leave any tab, so one is kept free.
 */

const SLOTS = 5

/** Takes a place until `over` is aborted; false if there is none. */
export async function takeSlot(over: AbortSignal): Promise<boolean> {
  // Only where pages are secure (this machine, or HTTPS); elsewhere nobody counts.
  const locks = typeof navigator === 'undefined' ? undefined : navigator.locks
  if (locks === undefined) return true
  for (let slot = 0; slot < SLOTS; slot++) {
    if (await take(locks, `easel-stream-${slot}`, over)) return true
  }
  return false
}

function take(locks: LockManager, name: string, over: AbortSignal): Promise<boolean> {
  return new Promise((resolve) => {
    const hold = (lock: Lock | null) => {
      resolve(lock !== null)
      return lock === null ? undefined : aborted(over)
    }
    locks.request(name, { ifAvailable: true }, hold).catch(() => resolve(true))
  })
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
}
