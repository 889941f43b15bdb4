import { ImagePlus } from 'lucide-react'
import type { Editor } from '../../../core/editor-api'
import { Glyph } from '../../parts/glyph'
import { tipProps } from '../../parts/tip'
import { strings } from '../../strings'
import { shownShortcut } from '../shown-keys'

/** Asks for files: it is pressed, and never at work as the tools beside it are. */
export function ImageTool({ editor }: { editor: Editor }) {
  const label = strings.actions.addImage
  return (
    <button
      type="button"
      className="tool"
      aria-label={label}
      aria-keyshortcuts="I"
      tabIndex={-1}
      data-testid="tool-image"
      onClick={() => editor.act('addImage')}
      {...tipProps(label, { shortcut: shownShortcut('addImage') ?? 'I', side: 'top' })}
    >
      <Glyph icon={ImagePlus} size={20} />
    </button>
  )
}
