/** Frames, their panel, presenting them, and links to places of a board. */
export const frameWords = {
  frames: {
    named: (n: number) => `Frame ${n}`,
    name: 'Name of the frame',
    unnamed: 'Frame without a name',
    size: 'Size',
    sizes: {
      wide: '16:9',
      classic: '4:3',
      paper: 'A4',
      phone: 'Phone',
      free: 'Custom',
    },
    title: 'Frames',
    loading: 'Frames are being fetched…',
    list: 'Frames in the order in which they are presented',
    empty: 'No frames yet. Take the frame tool (F) and drag one around what belongs together.',
    hint: 'Drag, or Alt and an arrow key, changes the order.',
    up: 'Present earlier',
    down: 'Present later',
    rename: 'Rename',
  },

  present: {
    label: 'Presentation',
    start: 'Present',
    loading: 'The presentation is being fetched…',
    next: 'Next frame',
    previous: 'Previous frame',
    end: 'End the presentation',
    leave: 'Stop following',
    laser: 'Laser pointer',
    at: (n: number, all: number) => `${n} / ${all}`,
    shown: (n: number, all: number, name: string) => `Frame ${n} of ${all}: ${name}`,
    by: (name: string) => `${name} is presenting`,
    follow: 'Follow',
  },

  deepLinks: {
    copied: 'The link was copied.',
    notCopied: 'The browser did not let the link be copied.',
    missing: 'What the link leads to is not on this board.',
  },
}
