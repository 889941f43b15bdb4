/** Alignment, distribution and mirroring of the selection, as entries of a menu. */

import type { LucideIcon } from 'lucide-react'
import {
  AlignCenterHorizontal,
  AlignCenterVertical,
  AlignEndHorizontal,
  AlignEndVertical,
  AlignHorizontalSpaceBetween,
  AlignStartHorizontal,
  AlignStartVertical,
  AlignVerticalSpaceBetween,
  FlipHorizontal2,
  FlipVertical2,
  LayoutGrid,
} from 'lucide-react'
import type { Alignment } from '../../core/align'
import type { Editor } from '../../core/editor-api'
import type { MenuEntry } from '../parts/menu'
import { shortcutText } from '../shortcut-text'
import { editorStrings } from './editor-strings'

const ALIGNMENTS: readonly (readonly [Alignment, LucideIcon, string])[] = [
  ['left', AlignStartVertical, 'alt+A'],
  ['center', AlignCenterVertical, 'alt+H'],
  ['right', AlignEndVertical, 'alt+D'],
  ['top', AlignStartHorizontal, 'alt+W'],
  ['middle', AlignCenterHorizontal, 'alt+V'],
  ['bottom', AlignEndHorizontal, 'alt+S'],
]

/** Only for several elements. */
export function alignEntries(editor: Editor): readonly MenuEntry[] {
  const words = editorStrings.align
  const { length } = editor.state.get().selection
  return [
    ...ALIGNMENTS.map(([how, icon, keys]) =>
      entry(words[how], icon, keys, `align-${how}`, () => editor.align(how)),
    ),
    { kind: 'line' },
    {
      ...entry(words.across, AlignHorizontalSpaceBetween, 'alt+shift+H', 'distribute-across', () =>
        editor.distribute('across'),
      ),
      disabled: length < 3,
    },
    {
      ...entry(words.down, AlignVerticalSpaceBetween, 'alt+shift+V', 'distribute-down', () =>
        editor.distribute('down'),
      ),
      disabled: length < 3,
    },
    tidyEntry(editor),
  ]
}

export function tidyEntry(editor: Editor): MenuEntry {
  return entry(editorStrings.align.tidy, LayoutGrid, 'alt+shift+T', 'tidy', () => editor.tidy())
}

export function flipEntries(editor: Editor): readonly MenuEntry[] {
  const words = editorStrings.flip
  return [
    entry(words.across, FlipVertical2, 'shift+H', 'flip-across', () => editor.flip('across')),
    entry(words.down, FlipHorizontal2, 'shift+V', 'flip-down', () => editor.flip('down')),
  ]
}

function entry(label: string, icon: LucideIcon, keys: string, testId: string, run: () => void) {
  return { kind: 'item', label, icon, shortcut: shortcutText(keys), testId, run } as const
}
