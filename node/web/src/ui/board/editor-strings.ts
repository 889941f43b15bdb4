/** What the editor says of its handling; the rest of the client's words are in `ui/strings.ts`. */
export const editorStrings = {
  align: {
    label: 'Align',
  },

  lock: {
    lock: 'Lock',
    unlock: 'Unlock',
  },

  heads: {
    label: 'Line ends',
    from: 'Start',
    to: 'End',
  },

  /** Keys as `shortcutKeys` reads them, and what they do. */
  pointer: [
    ['mod+Drag', 'Do not snap'],
    ['alt+Drag', 'Drag a copy, or from an empty place select what is enclosed'],
    ['alt+Click', 'Select what lies beneath'],
    ['Alt', 'With the eraser: let elements stay after all'],
  ],
} as const
