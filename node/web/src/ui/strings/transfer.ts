/** From and to other programs and boards. */

import { count, figure } from './count'

export const transferWords = {
  transfer: {
    adopting: 'The pictures are being brought to this board.',
    missing: (n: number) => `${count(n, 'picture', 'pictures')} could not be brought to this board.`,
    unreadable: 'This drawing cannot be read.',
    empty: 'There is nothing in this drawing.',
    leftOut: (n: number) => `${count(n, 'element', 'elements')} of it could not be brought over.`,
    shortened: (n: number, most: number) =>
      n === 1
        ? `One text of it is longer than ${figure(most)} characters, and ends there.`
        : `${n} texts of it are longer than ${figure(most)} characters, and end there.`,
    full: (most: number, n: number) =>
      `A board holds ${figure(most)} elements: ${count(n, 'element', 'elements')} found no room. Delete some to go on.`,
    inParts: (n: number) => `The text is longer than one element holds: it is in ${n} side by side.`,
    cutText: (n: number) =>
      `This text is too long for a board: the last ${figure(n)} characters were left out.`,
    textFull: (most: number) => `A text holds ${figure(most)} characters, and this one is full.`,
    didNotFit: (n: number) => `The text is full: ${count(n, 'character', 'characters')} did not fit.`,
    putBeside: 'Put the rest beside it',
    tooLong: 'What was copied is too long to be read.',
    copiedPng: 'Copied as PNG',
    copiedSvg: 'Copied as SVG',
    nothing: 'There is nothing to copy.',
    saved: 'This browser does not let the page write to the clipboard, so it is saved as a file.',
    fileName: 'Board',
  },
}
