/** Formats of letters: looked up, changed, cut out. */
import { NO_RUNS, type Marks, type MarkName, type RichText, type TextRun } from '../text/runs'
import type { Splice } from './splice'

/** Formats to set, and with null to take away; what is not named stays. */
export type MarksPatch = { readonly [Name in MarkName]?: Marks[Name] | null }

/** What is inserted gets just these formats, and with none given those of the letter before it. */
export type MarkedSplice = Splice & { readonly marks?: Marks }

export function marksAt(runs: readonly TextRun[], place: number): Marks {
  return runs.find((run) => run.start <= place && run.end > place)?.marks ?? {}
}

export function without(marks: Marks, name: MarkName): Marks {
  if (marks[name] === undefined) return marks
  return Object.fromEntries(Object.entries(marks).filter(([key]) => key !== name))
}

/** A part of a text by itself. */
export function sliceOf({ text, runs }: RichText, start: number, end: number): RichText {
  const inside = runs.flatMap((run): TextRun[] => {
    const [from, to] = [Math.max(run.start, start), Math.min(run.end, end)]
    return from < to ? [{ start: from - start, end: to - start, marks: run.marks }] : []
  })
  return { text: text.slice(start, end), runs: inside.length > 0 ? inside : NO_RUNS }
}
