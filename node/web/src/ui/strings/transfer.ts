/** From and to other programs and boards. */

import { count } from './count'

export const transferWords = {
  transfer: {
    adopting: 'The pictures are being brought to this board.',
    missing: (n: number) => `${count(n, 'picture', 'pictures')} could not be brought to this board.`,
    unreadable: 'This drawing cannot be read.',
    empty: 'There is nothing in this drawing.',
    leftOut: (n: number) => `${count(n, 'element', 'elements')} of it could not be brought over.`,
    copiedPng: 'Copied as PNG',
    copiedSvg: 'Copied as SVG',
    nothing: 'There is nothing to copy.',
    saved: 'This browser does not let the page write to the clipboard, so it is saved as a file.',
    fileName: 'Board',
  },
}
