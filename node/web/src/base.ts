/** Where the app is on its host. The server writes it into the page: `''` at the root, or `/easel`. */

export const BASE: string = globalThis.document?.documentElement.dataset['base'] ?? ''

/** The address of a path of ours, from the root of the host. */
export function address(path: string): string {
  return BASE + path
}
