/** Shortcuts as this machine's keyboard names them. */

const isMac = typeof navigator !== 'undefined' && /Mac|iPhone|iPad/.test(navigator.userAgent)

/** `mod+shift+Z` as its keys, one by one. */
export function shortcutKeys(keys: string, mac = isMac): readonly string[] {
  // A trailing plus is the key itself.
  const parts = keys.endsWith('++') ? [...keys.slice(0, -2).split('+'), '+'] : keys.split('+')
  const names = mac ? MAC : OTHER
  return parts.map((part) => names[part] ?? part)
}

/** “⇧⌘Z” on a Mac and “Ctrl+Shift+Z” elsewhere. */
export function shortcutText(keys: string, mac = isMac): string {
  return shortcutKeys(keys, mac).join(mac ? '' : '+')
}

const MAC: Readonly<Record<string, string>> = { mod: '⌘', shift: '⇧', alt: '⌥' }
const OTHER: Readonly<Record<string, string>> = { mod: 'Ctrl', shift: 'Shift', alt: 'Alt' }
