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
    minimap: 'Map of the board',
    zoomLevel: 'Zoom in percent',
  },
} as const
