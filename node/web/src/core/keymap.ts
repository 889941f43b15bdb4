/** Which key does what, read from the table of actions: the editor obeys it and the `?` sheet shows it. */
import { ACTION_IDS, ACTIONS, type ActionId } from './actions/table'
import type { KeyInput } from './editor-api'

export interface Binding {
  readonly action: ActionId
  /** As in `KeyboardEvent.key`, lower case; or `code:` and a `KeyboardEvent.code`. */
  readonly key: string
  readonly mod: boolean
  readonly shift: boolean
  readonly alt: boolean
  /** Shift makes no difference. */
  readonly anyShift: boolean
}

export const KEYMAP: readonly Binding[] = ACTION_IDS.flatMap((action) =>
  (ACTIONS[action].keys ?? []).map((keys) => bindingOf(action, keys)),
)

export function bindingFor(input: KeyInput): Binding | undefined {
  const pressed = latinKey(input)
  return KEYMAP.find(({ key, mod, alt, shift, anyShift }) => {
    const named = key.startsWith('code:') ? key === `code:${input.code}` : key === pressed
    return named && mod === input.mod && alt === input.alt && (anyShift || shift === input.shift)
  })
}

/** The tool that a letter by itself takes up. */
export function isToolLetter(letter: string): boolean {
  const key = letter.toLowerCase()
  return KEYMAP.some((one) => one.key === key && !one.mod && !one.alt && one.action.startsWith('tool:'))
}

/**
 * The key in lower case. Where it bears a letter of another script (Cyrillic, Greek, Hebrew, Arabic), it is the Latin one
 * in its place, as in other programs: such a layout has no key for `v`.
 */
export function latinKey({ key, code }: Pick<KeyInput, 'key' | 'code'>): string {
  const [, latin] = /^Key([A-Z])$/.exec(code) ?? []
  return (latin !== undefined && OTHER_SCRIPT.test(key) ? latin : key).toLowerCase()
}

/** One letter of no Latin script. */
const OTHER_SCRIPT = /^(?!\p{Script=Latin})\p{L}$/u

function bindingOf(action: ActionId, keys: string): Binding {
  // A trailing plus is the key itself.
  const parts = keys.endsWith('++') ? [...keys.slice(0, -2).split('+'), '+'] : keys.split('+')
  const has = (name: string) => parts.slice(0, -1).includes(name)
  const key = parts.at(-1) ?? ''
  return { action, key, mod: has('mod'), shift: has('shift'), alt: has('alt'), anyShift: has('any') }
}
