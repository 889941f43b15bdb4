/** The tools, at the foot of the board. */

import type { LucideIcon } from 'lucide-react'
import {
  Circle,
  Diamond,
  Eraser,
  Frame,
  Hand,
  Highlighter,
  Minus,
  MousePointer2,
  Pencil,
  Spline,
  Square,
  StickyNote,
  Type,
  WandSparkles,
} from 'lucide-react'
import type { KeyboardEvent } from 'react'
import { useEffect } from 'react'
import type { Editor, ToolId } from '../../core/editor-api'
import { isShapeKind } from '../../core/elements/shape'
import { Glyph } from '../parts/glyph'
import { tipProps } from '../parts/tip'
import { showToast } from '../parts/toasts'
import { strings } from '../strings'
import { useStore } from '../use-store'
import { ImageTool } from './images/image-tool'
import { ShapesTool } from './shape-picker'
import { toolName } from './tool-names'

interface Tool {
  readonly id: ToolId
  readonly icon: LucideIcon
  readonly key: string
  /** Of no use to someone who may only look. */
  readonly edits: boolean
}

const GROUPS: readonly (readonly Tool[])[] = [
  [
    { id: 'select', icon: MousePointer2, key: 'V', edits: false },
    { id: 'hand', icon: Hand, key: 'H', edits: false },
  ],
  [
    { id: 'sticky', icon: StickyNote, key: 'S', edits: true },
    { id: 'text', icon: Type, key: 'T', edits: true },
    // Early, so that they are in sight where the bar is longer than a phone is wide.
    { id: 'pen', icon: Pencil, key: 'P', edits: true },
    { id: 'highlighter', icon: Highlighter, key: 'shift+P', edits: true },
    { id: 'rectangle', icon: Square, key: 'R', edits: true },
    { id: 'ellipse', icon: Circle, key: 'O', edits: true },
    { id: 'diamond', icon: Diamond, key: 'D', edits: true },
    { id: 'connector', icon: Spline, key: 'C', edits: true },
    { id: 'line', icon: Minus, key: 'L', edits: true },
    { id: 'frame', icon: Frame, key: 'F', edits: true },
  ],
  [
    { id: 'eraser', icon: Eraser, key: 'E', edits: true },
    { id: 'laser', icon: WandSparkles, key: 'K', edits: false },
  ],
]

/** These stay taken up anyway. */
const STAYING: ReadonlySet<ToolId> = new Set(['select', 'hand', 'pen', 'highlighter', 'eraser', 'laser'])
const ON_BAR: ReadonlySet<ToolId> = new Set(GROUPS.flat().map((tool) => tool.id))

export function ToolBar({ editor }: { editor: Editor }) {
  const active = useStore(editor.state, (state) => state.tool)
  const kept = useStore(editor.state, (state) => state.keepsTool)
  useEffect(() => {
    if (kept) showToast({ text: strings.tools.kept })
  }, [kept])
  const readOnly = useStore(editor.state, (state) => state.readOnly)
  const groups = GROUPS.map((group) => group.filter((tool) => !readOnly || !tool.edits)).filter(
    (group) => group.length > 0,
  )
  return (
    <div
      className={`island tools${kept && !STAYING.has(active) ? ' tools--kept' : ''}`}
      role="toolbar"
      aria-label={strings.tools.label}
      onKeyDown={rove}
      // Taking a tool must not take the keys away from the board.
      onMouseDown={(event) => event.preventDefault()}
    >
      {groups.map((group, at) => (
        <div key={group[0]?.id} className="tools__group" role="group">
          {at > 0 && <span className="divider" />}
          {group.map((tool) => (
            <button
              key={tool.id}
              type="button"
              className="tool"
              aria-label={toolName(tool.id)}
              aria-pressed={active === tool.id}
              aria-keyshortcuts={tool.key.replace('shift', 'Shift')}
              tabIndex={active === tool.id ? 0 : -1}
              data-testid={`tool-${tool.id}`}
              onClick={() => editor.setTool(tool.id)}
              {...tipProps(toolName(tool.id), { shortcut: tool.key, side: 'top' })}
            >
              <Glyph icon={tool.icon} size={20} className={tool.id === 'line' ? 'tool__line' : undefined} />
            </button>
          ))}
          {group.some(({ id }) => isShapeKind(id)) && (
            <ShapesTool editor={editor} own={(kind) => !ON_BAR.has(kind)} />
          )}
          {group.some(({ id }) => isShapeKind(id)) && <ImageTool editor={editor} />}
        </div>
      ))}
    </div>
  )
}

/** One stop for Tab, arrows within, as toolbars do. */
function rove(event: KeyboardEvent<HTMLElement>): void {
  const step = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0
  if (step === 0) return
  const tools = [...event.currentTarget.querySelectorAll<HTMLElement>('.tool')]
  const at = tools.findIndex((tool) => tool === document.activeElement)
  tools[(at + step + tools.length) % tools.length]?.focus()
  event.preventDefault()
  event.stopPropagation()
}
