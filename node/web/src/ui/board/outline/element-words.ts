/** What an element is, in words. */

import type { Editor } from '../../../core/editor-api'
import type { ConnectorEnd, Element } from '../../../core/elements/types'
import { strings } from '../../strings'
import { wordsIn } from '../ways/text-index'

const CHARS_MAX = 120

export function elementWords(editor: Editor, element: Element): string {
  const words = strings.outline
  if (element.type === 'connector') {
    const { from, to } = element.ends
    return words.named(words.connector(endWords(editor, from), endWords(editor, to)), textOf(element))
  }
  return words.named(kindOf(element), textOf(element))
}

function endWords(editor: Editor, { binding }: ConnectorEnd): string {
  const element = binding === null ? undefined : editor.element(binding.element)
  if (element === undefined || element.type === 'connector') return strings.outline.nothing
  return textOf(element) || kindOf(element)
}

function kindOf(element: Element): string {
  const words = strings.outline
  switch (element.type) {
    case 'shape':
      return strings.actions[`tool:${element.kind}`]
    case 'text':
    case 'image':
    case 'group':
    case 'unknown':
      return words[element.type]
    default:
      return strings.actions[`tool:${element.type}`]
  }
}

function textOf(element: Element): string {
  const text = wordsIn(element).replaceAll(/\s+/g, ' ').trim()
  return text.length > CHARS_MAX ? `${text.slice(0, CHARS_MAX)}…` : text
}
