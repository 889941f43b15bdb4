/** Tells the server of this page's own failures, a few in each load, so that whoever runs it hears of them. */

import { exchange } from './exchange'

export type FailureKind = 'error' | 'rejection' | 'boundary'

export interface Failure {
  readonly kind: FailureKind
  readonly message: string
  readonly stack: string
  readonly page: string
}

/** In one load: what goes wrong once often goes wrong again and again. */
const TOLD_MAX = 5
const MESSAGE_CHARS_MAX = 500
const STACK_CHARS_MAX = 4_000
/** No failures: a browser says so when a layout takes another frame, or an extension's script did something. */
const HARMLESS = ['ResizeObserver loop', 'Script error.']

type Tell = (failure: Failure) => void

/** Which failures are told, and in what words. Addresses and messages are scrubbed by the server once more. */
export class Failures {
  readonly #tell: Tell
  readonly #told = new Set<string>()

  constructor(tell: Tell) {
    this.#tell = tell
  }

  note(kind: FailureKind, cause: unknown, page: string): void {
    const { message, stack } = wordsOf(cause)
    if (message === '' || HARMLESS.some((start) => message.startsWith(start))) return
    const key = `${kind} ${message}`
    if (this.#told.size >= TOLD_MAX || this.#told.has(key)) return
    this.#told.add(key)
    this.#tell({ kind, message, stack, page })
  }
}

function wordsOf(cause: unknown): { message: string; stack: string } {
  if (!(cause instanceof Error)) return { message: typeof cause === 'string' ? cut(cause) : '', stack: '' }
  const message = cut(`${cause.name}: ${cause.message}`)
  return { message, stack: (cause.stack ?? '').slice(0, STACK_CHARS_MAX) }
}

function cut(message: string): string {
  return message.slice(0, MESSAGE_CHARS_MAX)
}

const ofPage = new Failures((failure) => {
  if (!navigator.onLine) return
  // That the server cannot be told is told to nobody.
  exchange({ method: 'POST', path: '/client-errors', body: failure }, null).catch(() => undefined)
})

/** What a part of the page that could not be drawn died of. */
export function noteFailure(kind: FailureKind, cause: unknown): void {
  ofPage.note(kind, cause, location.pathname)
}

/** From now on what nobody catches is told. */
export function watchFailures(): void {
  addEventListener('error', ({ error, message }) => noteFailure('error', error ?? message))
  addEventListener('unhandledrejection', ({ reason }) => noteFailure('rejection', reason))
}
