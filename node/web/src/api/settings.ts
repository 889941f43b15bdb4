/** What one set of the pages, kept by the server: an object of ours that it does not look into. */

import type { Members } from './read'
import { recordOf } from './read'
import { send } from './request'

export interface KeptSettings {
  readonly all: Members
  readonly etag: string
}

export async function getSettings(): Promise<KeptSettings> {
  return kept(await send({ method: 'GET', path: '/me/settings' }))
}

/** Fails with `precondition-failed` when they are no longer those of `etag`. */
export async function changeSettings(patch: Members, etag: string): Promise<KeptSettings> {
  return kept(await send({ method: 'PATCH', path: '/me/settings', body: patch, ifMatch: etag }))
}

function kept({ body, etag }: { readonly body: unknown; readonly etag: string | null }): KeptSettings {
  return { all: recordOf(body, 'settings'), etag: etag ?? '*' }
}
