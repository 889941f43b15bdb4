/** Formats of whole texts: what the properties bar does to the elements that are selected. */
import { hasText } from '../elements'
import type { Element, ElementId, TextualElement } from '../elements/types'
import type { Intent } from '../ports'
import { NO_RUNS, type ListKind, type MarkName, type Marks } from '../text/runs'
import type { MarksPatch } from './marks'
import { selectionMarks, type StyleName, type TextEdit } from './rich-edit'

export type FormatName = StyleName | ListKind

/** One intent for each change, in their order. */
export function intentsOfEdits(id: ElementId, edits: readonly TextEdit[]): readonly Intent[] {
  return edits.map((edit): Intent => {
    switch (edit.do) {
      case 'splice':
        return { do: 'spliceText', id, splices: [edit.splice] }
      case 'format':
        return { do: 'formatText', id, from: edit.from, to: edit.to, marks: edit.marks }
    }
  })
}

/** What all of the texts have throughout. */
export function formatsOf(elements: readonly Element[]): Marks {
  const texts = elements.filter((e): e is TextualElement => hasText(e) && e.text !== '')
  // Of ten thousand plain texts the first is enough to know.
  if (texts.some((e) => e.runs === undefined)) return {}
  const all = texts.map((e) =>
    selectionMarks({ text: e.text, runs: e.runs ?? NO_RUNS }, { start: 0, end: e.text.length }, null),
  )
  const [first, ...rest] = all
  return Object.fromEntries(
    Object.entries(first ?? {}).filter(([name, value]) =>
      rest.every((one) => one[name as MarkName] === value),
    ),
  )
}

const LINKS_MAX = 20

export function linksOf(elements: readonly Element[]): readonly string[] {
  const links = new Set<string>()
  for (const e of elements) {
    if (!hasText(e) || e.runs === undefined) continue
    for (const { marks } of e.runs)
      if (marks.link !== undefined && links.size < LINKS_MAX) links.add(marks.link)
  }
  return [...links]
}

export function formatIntents(elements: readonly Element[], name: FormatName): readonly Intent[] {
  const has = formatsOf(elements)
  const isList = name === 'bullet' || name === 'number'
  const on = isList ? has.list !== name : has[name] !== true
  const marks: MarksPatch = isList ? { list: on ? name : null } : { [name]: on ? true : null }
  return elements.flatMap((e): Intent[] =>
    hasText(e) && e.text !== '' ? [{ do: 'formatText', id: e.id, from: 0, to: e.text.length, marks }] : [],
  )
}
