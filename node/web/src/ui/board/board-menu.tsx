/** What can be done to the selection, or to the board, as a menu at the pointer. */

import type { RefObject } from 'react'
import type { ActionId } from '../../core/actions/table'
import type { Editor } from '../../core/editor-api'
import type { MenuEntry } from '../parts/menu'
import { Menu } from '../parts/menu'
import { strings } from '../strings'
import { actionEntry } from './action-entry'
import { flipEntries, tidyEntry } from './align-menu'
import { frameEntries, groupEntries } from './frames/menu'
import { imageEntries } from './images/image-verbs'
import { lockEntry, styleEntries } from './selection-menu'

interface BoardMenuProps {
  readonly editor: Editor
  readonly spot: RefObject<HTMLElement | null>
  readonly onClose: () => void
}

export default function BoardMenu({ editor, spot, onClose }: BoardMenuProps) {
  return (
    <Menu
      anchor={spot}
      placement="below-start"
      label={strings.menu.label}
      entries={entries(editor)}
      onClose={onClose}
    />
  )
}

const LINE: MenuEntry = { kind: 'line' }

function entries(editor: Editor): readonly MenuEntry[] {
  const { selection, readOnly } = editor.state.get()
  const entry = (action: ActionId) => actionEntry(editor, action)
  if (selection.length === 0) {
    return [
      entry('paste'),
      entry('selectAll'),
      entry('copyPng'),
      entry('copySvg'),
      LINE,
      entry('find'),
      entry('zoomFit'),
      entry('zoomReset'),
      entry('minimap'),
      LINE,
      entry('copyLink'),
    ]
  }
  if (readOnly) return [entry('copy'), entry('copyPng'), entry('copySvg'), entry('copyLink')]
  if (editor.styleSummary().locked === 'all') return plain([entry('copy'), LINE, lockEntry(editor)])
  return plain([
    entry('cut'),
    entry('copy'),
    entry('paste'),
    entry('duplicate'),
    entry('copyPng'),
    entry('copySvg'),
    LINE,
    ...imageEntries(editor),
    ...styleEntries(editor),
    LINE,
    entry('toFront'),
    entry('forward'),
    entry('backward'),
    entry('toBack'),
    LINE,
    ...groupEntries(editor),
    ...(selection.length > 1 ? [tidyEntry(editor)] : []),
    ...flipEntries(editor),
    LINE,
    lockEntry(editor),
    ...frameEntries(editor),
    LINE,
    actionEntry(editor, 'delete', { danger: true }),
  ])
}

/** Without pictures, which only some of the entries have. */
function plain(entries: readonly MenuEntry[]): readonly MenuEntry[] {
  return entries.map((entry) => {
    if (entry.kind === 'line') return entry
    const { icon: _, ...rest } = entry
    return rest
  })
}
