/** Finding one's way on a board. */

import { count } from './count'

export const waysWords = {
  ways: {
    palette: {
      placeholder: 'What to do, or where to go',
      nothing: 'Nothing of that name',
      recent: 'Recent',
      places: 'On this board',
    },
    find: {
      placeholder: 'Find on this board',
      previous: 'Previous',
      next: 'Next',
      count: (at: number, all: number) =>
        all === 0
          ? 'No results'
          : at === 0
            ? count(all, 'result', 'results')
            : `${at.toLocaleString('en')} of ${all.toLocaleString('en')}`,
    },
    follow: {
      name: (name: string) => `Follow ${name}`,
      stop: 'Stop following',
      following: (name: string) => `Following ${name}`,
      left: (name: string) => `${name} left the board`,
      brought: (name: string) => `${name} brought you here`,
      calls: (name: string) => `${name} asks everyone to come`,
      back: 'Go back',
      go: 'Go there',
      called: 'Everyone here is brought to you',
    },
    figures: {
      title: 'Figures of speed',
      frame: 'Frame',
      frames: (mean: number, slow: number) => `${mean.toFixed(1)} ms · p95 ${slow.toFixed(1)} ms`,
      trip: 'Round trip',
      saved: 'Until saved',
      time: (ms: number) => `${ms.toFixed(0)} ms`,
      none: '–',
    },
    minimap: 'Map of the board',
    zoomLevel: 'Zoom in percent',
  },
} as const
