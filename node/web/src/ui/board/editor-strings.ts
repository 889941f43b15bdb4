/** What the editor says of its handling; the rest of the client's words are in `ui/strings.ts`. */
export const editorStrings = {
  snapping: {
    elements: 'Snap to elements',
    grid: 'Snap to grid',
  },

  align: {
    label: 'Align',
    left: 'Align left edges',
    center: 'Align centres',
    right: 'Align right edges',
    top: 'Align top edges',
    middle: 'Align middles',
    bottom: 'Align bottom edges',
    across: 'Distribute horizontally',
    down: 'Distribute vertically',
    tidy: 'Tidy up',
  },

  flip: {
    across: 'Flip horizontally',
    down: 'Flip vertically',
  },

  tools: {
    eraser: 'Eraser',
    laser: 'Laser pointer',
  },

  notes: {
    beside: 'Next sticky note beside',
    below: 'Next sticky note below (Enter when one is selected)',
  },

  lock: {
    lock: 'Lock',
    unlock: 'Unlock',
    toggle: 'Lock or unlock',
  },

  style: {
    copy: 'Copy style',
    paste: 'Paste style',
  },

  heads: {
    label: 'Line ends',
    from: 'Start',
    to: 'End',
    none: 'None',
    arrow: 'Arrow',
  },

  /** Keys as `shortcutKeys` reads them, and what they do. */
  pointer: [
    ['mod+Drag', 'Do not snap'],
    ['alt+Drag', 'Drag a copy, or from an empty place select what is enclosed'],
    ['alt+Click', 'Select what lies beneath'],
    ['Alt', 'With the eraser: let elements stay after all'],
  ],
} as const
