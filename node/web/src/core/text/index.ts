/**
 * How text becomes lines: the same in every browser and on the server. See `node/board/src/text` for
 * the rules and for what is deliberately absent.
 */
export { UNITS_PER_EM } from './advances.gen'
export { BASELINE, canvasFont, layoutText, LINE_HEIGHT, TEXT_FAMILY, textInsets } from './block'
export type { PlacedLine, PlacedWord, TextBlock, TextBox, TextHolder } from './block'
export { breakLines, paragraphsOf } from './lines'
export type { ListKind, MarkName, Marks, RichText, TextRun } from './runs'
export type { BrokenText, Line, Word } from './lines'
