/** Formats of letters: of the selection while something is written, else of the whole texts that are selected. */
import { Bold, ExternalLink, Italic, Link, List, ListOrdered, Strikethrough, Underline } from 'lucide-react'
import type { LucideIcon } from 'lucide-react'
import type { Editor, StyleSummary } from '../../core/editor-api'
import type { Marks } from '../../core/text'
import type { FormatName } from '../../core/writing/format-elements'
import { IconButton } from '../parts/icon-button'
import { MenuButton } from '../parts/menu-button'
import { shortcutText } from '../shortcut-text'
import { strings } from '../strings'
import { useStore } from '../use-store'
import { askForLink } from './link-field'
import { openLink } from './links'
import { writingIn, type Writing } from './writing'

const BUTTONS: readonly { readonly name: FormatName; readonly icon: LucideIcon; readonly keys: string }[] = [
  { name: 'bold', icon: Bold, keys: 'mod+b' },
  { name: 'italic', icon: Italic, keys: 'mod+i' },
  { name: 'underline', icon: Underline, keys: 'mod+u' },
  { name: 'strike', icon: Strikethrough, keys: 'mod+shift+x' },
  { name: 'bullet', icon: List, keys: 'mod+shift+8' },
  { name: 'number', icon: ListOrdered, keys: 'mod+shift+7' },
]

export function FormatPart({ editor, summary }: { editor: Editor; summary: StyleSummary }) {
  const writing = useStore(writingIn(editor), (value) => value)
  const marks = writing?.marks ?? summary.formats
  if (!marks) return null
  const links = summary.links ?? []
  return (
    <div className="format" role="group" aria-label={strings.text.formats}>
      {BUTTONS.map(({ name, icon, keys }) => (
        <IconButton
          key={name}
          icon={icon}
          label={strings.text.format[name]}
          shortcut={shortcutText(keys)}
          tipSide="top"
          testId={`format-${name}`}
          aria-pressed={isOn(marks, name)}
          onClick={() => toggle(editor, writing, name)}
        />
      ))}
      {writing && (
        <IconButton
          icon={Link}
          label={strings.text.link}
          shortcut={shortcutText('mod+k')}
          tipSide="top"
          testId="format-link"
          aria-pressed={marks.link !== undefined}
          onClick={() => askForLink(editor)}
        />
      )}
      {!writing && links.length > 0 && (
        <MenuButton
          icon={ExternalLink}
          label={strings.text.linkOpen}
          placement="below"
          tipSide="top"
          testId="open-links"
          entries={() =>
            links.map((link) => ({
              kind: 'item',
              icon: ExternalLink,
              label: link,
              run: () => openLink(link),
            }))
          }
        />
      )}
    </div>
  )
}

function isOn(marks: Marks, name: FormatName): boolean {
  return name === 'bullet' || name === 'number' ? marks.list === name : marks[name] === true
}

function toggle(editor: Editor, writing: Writing | null, name: FormatName): void {
  if (!writing) editor.toggleFormat(name)
  else if (name === 'bullet' || name === 'number') writing.toggleList(name)
  else writing.toggleStyle(name)
}
