/** Alignment, distribution and mirroring of the selection, as entries of a menu. */

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
import type { Editor } from '../../core/editor-api'
import type { MenuEntry } from '../parts/menu'
import { actionEntry } from './action-entry'

/** Only for several elements. */
export function alignEntries(editor: Editor): readonly MenuEntry[] {
  return [
    actionEntry(editor, 'align:left', { icon: AlignStartVertical, testId: 'align-left' }),
    actionEntry(editor, 'align:center', { icon: AlignCenterVertical, testId: 'align-center' }),
    actionEntry(editor, 'align:right', { icon: AlignEndVertical, testId: 'align-right' }),
    actionEntry(editor, 'align:top', { icon: AlignStartHorizontal, testId: 'align-top' }),
    actionEntry(editor, 'align:middle', { icon: AlignCenterHorizontal, testId: 'align-middle' }),
    actionEntry(editor, 'align:bottom', { icon: AlignEndHorizontal, testId: 'align-bottom' }),
    { kind: 'line' },
    actionEntry(editor, 'distribute:across', {
      icon: AlignHorizontalSpaceBetween,
      testId: 'distribute-across',
    }),
    actionEntry(editor, 'distribute:down', { icon: AlignVerticalSpaceBetween, testId: 'distribute-down' }),
    tidyEntry(editor),
  ]
}

export function tidyEntry(editor: Editor): MenuEntry {
  return actionEntry(editor, 'tidy', { icon: LayoutGrid, testId: 'tidy' })
}

export function flipEntries(editor: Editor): readonly MenuEntry[] {
  return [
    actionEntry(editor, 'flip:across', { icon: FlipVertical2, testId: 'flip-across' }),
    actionEntry(editor, 'flip:down', { icon: FlipHorizontal2, testId: 'flip-down' }),
  ]
}
