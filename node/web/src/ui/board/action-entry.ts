/** An action of the table as an entry of a menu. */

import type { LucideIcon } from 'lucide-react'
import type { ActionId } from '../../core/actions/table'
import type { Editor } from '../../core/editor-api'
import type { MenuEntry } from '../parts/menu'
import { strings } from '../strings'
import { shownShortcut } from './shown-keys'

export interface EntryLooks {
  readonly icon?: LucideIcon
  readonly testId?: string
  /** Where what it does depends on the selection. */
  readonly label?: string
  readonly danger?: true
  /** On or off. */
  readonly checked?: boolean
}

export function actionEntry(editor: Editor, action: ActionId, looks: EntryLooks = {}): MenuEntry {
  const { checked, ...rest } = looks
  return {
    kind: 'item',
    label: strings.actions[action],
    shortcut: shownShortcut(action),
    disabled: !editor.can(action),
    run: () => editor.act(action),
    ...rest,
    ...(checked !== undefined && { checked, isSwitch: true }),
  }
}
