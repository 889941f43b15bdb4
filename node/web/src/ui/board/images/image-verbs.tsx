/** What can be done to one selected picture, in the properties bar and in the menu. */

import { Captions, Crop, Download, Replace } from 'lucide-react'
import type { LucideIcon } from 'lucide-react'
import type { ActionId } from '../../../core/actions/table'
import { selectedImage } from '../../../core/actions/images'
import type { Editor } from '../../../core/editor-api'
import { IconButton } from '../../parts/icon-button'
import type { MenuEntry } from '../../parts/menu'
import { strings } from '../../strings'
import { useStore } from '../../use-store'
import { actionEntry } from '../action-entry'

const VERBS: readonly { readonly action: ActionId; readonly icon: LucideIcon }[] = [
  { action: 'cropImage', icon: Crop },
  { action: 'replaceImage', icon: Replace },
  { action: 'describeImage', icon: Captions },
  { action: 'downloadImage', icon: Download },
]

export function ImageVerbs({ editor }: { editor: Editor }) {
  const shown = useStore(editor.state, () => selectedImage(editor) !== null)
  if (!shown) return null
  return VERBS.map(({ action, icon }) => (
    <IconButton
      key={action}
      icon={icon}
      label={strings.actions[action]}
      tipSide="top"
      testId={action}
      onClick={() => editor.act(action)}
    />
  ))
}

export function imageEntries(editor: Editor): readonly MenuEntry[] {
  if (selectedImage(editor) === null) return []
  return [
    ...(editor.can('reloadImage')
      ? [actionEntry(editor, 'reloadImage', { testId: 'menu-reloadImage' })]
      : []),
    ...VERBS.map(({ action }) => actionEntry(editor, action, { testId: `menu-${action}` })),
    { kind: 'line' },
  ]
}
