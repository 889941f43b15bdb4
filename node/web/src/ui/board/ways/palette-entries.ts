/** What the palette offers: every action that is possible now, and what is on the board by its words. */

import { ACTION_IDS, ACTIONS, type ActionId } from '../../../core/actions/table'
import type { Editor } from '../../../core/editor-api'
import type { ElementId } from '../../../core/elements/types'
import { strings } from '../../strings'
import { shownKeys } from '../shown-keys'
import { goTo } from './go-to'
import { rank } from './rank'
import { recentActions } from './recent'
import { wordsIn, type TextIndex } from './text-index'

export interface PaletteEntry {
  readonly id: string
  readonly label: string
  readonly group: string
  readonly keys: readonly string[]
  /** Null for a place on the board. */
  readonly action: ActionId | null
  readonly run: () => void
}

const PLACES_MAX = 6
/** Of fewer letters half the board would answer. */
const PLACE_CHARS_MIN = 2
const LABEL_CHARS_MAX = 60

export function paletteEntries(
  editor: Editor,
  owner: string,
  index: TextIndex,
  query: string,
): readonly PaletteEntry[] {
  const recent = recentActions(owner)
  const recencyOf = ({ action }: PaletteEntry) =>
    action !== null && recent.includes(action) ? recent.length - recent.indexOf(action) : 0
  const actions = ACTION_IDS.filter((id) => ACTIONS[id].keyOnly !== true && editor.can(id)).map((id) =>
    actionEntry(editor, id, query === '' && recent.includes(id)),
  )
  return [...rank(query, actions, ({ label }) => label, recencyOf), ...places(editor, index, query)]
}

function actionEntry(editor: Editor, action: ActionId, isRecent: boolean): PaletteEntry {
  return {
    id: action,
    label: strings.actions[action],
    group: isRecent ? strings.ways.palette.recent : strings.help.groups[ACTIONS[action].group],
    keys: shownKeys(action),
    action,
    run: () => editor.act(action),
  }
}

function places(editor: Editor, index: TextIndex, query: string): readonly PaletteEntry[] {
  if (query.trim().length < PLACE_CHARS_MIN) return []
  return index
    .find(query)
    .slice(0, PLACES_MAX)
    .map((id) => place(editor, id))
}

function place(editor: Editor, id: ElementId): PaletteEntry {
  const element = editor.element(id)
  const words = element === undefined ? '' : wordsIn(element).replaceAll(/\s+/g, ' ').trim()
  return {
    id: `place:${id}`,
    label: words.length > LABEL_CHARS_MAX ? `${words.slice(0, LABEL_CHARS_MAX)}…` : words,
    group: strings.ways.palette.places,
    keys: [],
    action: null,
    run: () => {
      goTo(editor, id)
      editor.select([id])
    },
  }
}
