/** Shortcuts as this machine's keyboard names them. */

const mac = /Mac|iPhone|iPad/.test(navigator.userAgent)

/** `mod+shift+Z` as “⇧⌘Z” on a Mac and “Ctrl+Shift+Z” elsewhere. */
export function shortcutText(keys: string): string {
  // A trailing plus is the key itself.
  const parts = keys.endsWith('++') ? [...keys.slice(0, -2).split('+'), '+'] : keys.split('+')
  const key = parts[parts.length - 1] ?? ''
  const mods = parts.slice(0, -1)
  if (mac) return mods.map((mod) => MAC[mod] ?? mod).join('') + key
  return [...mods.map((mod) => OTHER[mod] ?? mod), key].join('+')
}

const MAC: Readonly<Record<string, string>> = { mod: '⌘', shift: '⇧', alt: '⌥', ctrl: '⌃' }
const OTHER: Readonly<Record<string, string>> = { mod: 'Ctrl', shift: 'Shift', alt: 'Alt', ctrl: 'Ctrl' }
