/**
 * What a person chose, in step with what the server keeps of it: their other browsers get it, and two of them that
 * choose at once lose nothing. What is chosen here counts at once; what cannot be sent yet is sent later.
 */

export type Members = Readonly<Record<string, unknown>>

export interface Kept {
  readonly all: Members
  readonly etag: string
}

export interface KeptPort {
  readonly read: () => Promise<Kept>
  /** Throws when the server keeps something else by now than what `etag` names. */
  readonly change: (patch: Members, etag: string) => Promise<Kept>
  readonly wasChanged: (failure: unknown) => boolean
  /** Shows what was chosen elsewhere. */
  readonly show: (all: Members) => void
}

export interface KeptSettings {
  /** Somebody is signed in, or may have chosen something elsewhere: asks. */
  refresh(): Promise<void>
  /** Chosen here, and shown already. */
  choose(patch: Members): Promise<void>
  /** Somebody else begins: nothing of what waits is theirs. */
  forget(): void
}

/** Another browser may choose as often; then this one waits for its next occasion. */
const ATTEMPTS_MAX = 3

export function createKeptSettings({ read, change, wasChanged, show }: KeptPort): KeptSettings {
  let etag: string | null = null
  let unsent: Members = {}
  let ofWhom = 0
  let sending: Promise<void> | null = null

  async function ask(): Promise<void> {
    const asked = ofWhom
    const kept = await read()
    if (asked !== ofWhom) return
    etag = kept.etag
    show({ ...kept.all, ...unsent })
  }

  async function sendAll(): Promise<void> {
    for (let attempt = 0; attempt < ATTEMPTS_MAX && Object.keys(unsent).length > 0; attempt += 1) {
      const asked = ofWhom
      const patch = unsent
      try {
        if (etag === null) await ask()
        if (etag === null || asked !== ofWhom) return
        const kept = await change(patch, etag)
        if (asked !== ofWhom) return
        etag = kept.etag
        // What was chosen meanwhile is another choice.
        unsent = Object.fromEntries(Object.entries(unsent).filter(([name, value]) => patch[name] !== value))
      } catch (failure) {
        if (!wasChanged(failure)) throw failure
        etag = null
      }
    }
  }

  /** One at a time: each needs the mark that the one before brought. */
  function flush(): Promise<void> {
    sending ??= sendAll().finally(() => (sending = null))
    return sending
  }

  return {
    async refresh() {
      await ask()
      await flush()
    },
    async choose(patch) {
      unsent = { ...unsent, ...patch }
      await flush()
      // Chosen while the last answer was on its way.
      if (Object.keys(unsent).length > 0) await flush()
    },
    forget() {
      ofWhom += 1
      etag = null
      unsent = {}
    },
  }
}
