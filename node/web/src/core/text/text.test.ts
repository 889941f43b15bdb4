import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { advance } from './advances'
import { layoutText } from './block'
import type { TextBox } from './block'
import { breakLines } from './lines'
import { BOLD, ITALIC, LINK, STRIKE, UNDERLINE, type ListKind } from './runs'

type WordRow = [start: number, end: number, x: number, width: number, rtl: boolean]
type LineRow = [start: number, end: number, width: number, rtl: boolean, words: WordRow[]]
type LineCase = [text: string, widthMax: number | null, cutWords: boolean, lines: LineRow[]]
type BlockLine = [
  x: number,
  baseline: number,
  width: number,
  words: [text: string, x: number, width: number][],
]
type BlockCase = [input: TextBox, fontSize: number, w: number, h: number, lines: BlockLine[]]

type RichInput = Omit<TextBox, 'runs'> & {
  runs: { start: number; end: number; style: number; list: ListKind | null }[]
}
type RichWord = [text: string, x: number, width: number, style: number, rtl: boolean]
type RichCase = [
  input: RichInput,
  fontSize: number,
  w: number,
  h: number,
  lines: [x: number, baseline: number, width: number, words: RichWord[]][],
]

/** Made by `node/board/tests/text_tables.rs`. */
const fixtures = JSON.parse(
  readFileSync(new URL('../../../../board/fixtures/text.json', import.meta.url), 'utf8'),
) as { lines: LineCase[]; blocks: BlockCase[]; rich: RichCase[] }

describe('line breaking', () => {
  it('is what the server does', () => {
    expect(fixtures.lines.length).toBeGreaterThan(200)
    for (const [text, widthMax, cutWords, lines] of fixtures.lines) {
      const broken = breakLines(text, widthMax)
      const rows = broken.lines.map((line): LineRow => [
        line.start,
        line.end,
        line.width,
        line.rtl,
        line.words.map((word): WordRow => [word.start, word.end, word.x, word.width, word.rtl]),
      ])
      expect({ text, cutWords: broken.cutWords, lines: rows }).toEqual({ text, cutWords, lines })
    }
  })

  it('counts a lone surrogate as the replacement character', () => {
    const lone = breakLines('a\ud83d b', null)
    expect(lone).toEqual(breakLines('a\ufffd b', null))
    expect(advance(0xfffd)).toBeGreaterThan(0)
  })
})

describe('text in its box', () => {
  it('is placed where the server places it', () => {
    expect(fixtures.blocks.length).toBeGreaterThan(100)
    for (const [input, fontSize, w, h, lines] of fixtures.blocks) {
      const block = layoutText(input)
      const rows = block.lines.map((line): BlockLine => [
        line.x,
        line.baseline,
        line.width,
        line.words.map((word): [string, number, number] => [word.text, word.x, word.width]),
      ])
      expect({ input, fontSize: block.fontSize, w: block.w, h: block.h, lines: rows }).toEqual({
        input,
        fontSize,
        w,
        h,
        lines,
      })
    }
  })

  it('is placed with its formats where the server places it', () => {
    expect(fixtures.rich.length).toBeGreaterThan(100)
    for (const [input, fontSize, w, h, lines] of fixtures.rich) {
      const runs = input.runs.map(({ start, end, style, list }) => ({
        start,
        end,
        marks: {
          ...(style & BOLD && { bold: true as const }),
          ...(style & ITALIC && { italic: true as const }),
          ...(style & UNDERLINE && { underline: true as const }),
          ...(style & STRIKE && { strike: true as const }),
          ...(style & LINK && { link: 'https://a.example' }),
          ...(list && { list }),
        },
      }))
      const block = layoutText({ ...input, runs })
      const rows = block.lines.map((line) => [
        line.x,
        line.baseline,
        line.width,
        line.words.map((word): RichWord => [word.text, word.x, word.width, word.style, word.rtl]),
      ])
      expect({ input, fontSize: block.fontSize, w: block.w, h: block.h, lines: rows }).toEqual({
        input,
        fontSize,
        w,
        h,
        lines,
      })
    }
  })

  it('survives any number', () => {
    for (const number of [NaN, Infinity, -Infinity, -1, 0, 1e300]) {
      const block = layoutText({
        text: 'some words',
        holder: 'sticky',
        w: number,
        h: number,
        fontSize: number,
        align: 'right',
        valign: 'bottom',
      })
      expect(block.lines.every((line) => Number.isFinite(line.x) && Number.isFinite(line.baseline))).toBe(
        true,
      )
    }
  })
})
