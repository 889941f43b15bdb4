/** All kinds of shape, to draw one or to turn the selection into one. */

import { Shapes } from 'lucide-react'
import type { KeyboardEvent } from 'react'
import { useCallback, useRef, useState } from 'react'
import type { Editor, StyleSummary } from '../../core/editor-api'
import { outlineOps } from '../../core/elements/outline'
import { isShapeKind } from '../../core/elements/shape'
import type { ShapeKind } from '../../core/elements/types'
import { SHAPE_KINDS } from '../../core/schema.gen'
import { Glyph } from '../parts/glyph'
import { Popover } from '../parts/popover'
import { tipProps } from '../parts/tip'
import { strings } from '../strings'
import { toolName } from './tool-names'
import { useStore } from '../use-store'
import { svgOf } from './svg-path'

const COLUMNS = 6

/** Beside the tools: opens the grid, and shows the kind that is being drawn when it is one of its own. */
export function ShapesTool({ editor, own }: { editor: Editor; own: (kind: ShapeKind) => boolean }) {
  const anchor = useRef<HTMLButtonElement>(null)
  const [open, setOpen] = useState(false)
  const close = useCallback(() => setOpen(false), [])
  const tool = useStore(editor.state, (state) => state.tool)
  const drawn = isShapeKind(tool) && own(tool) ? tool : null
  return (
    <>
      <button
        ref={anchor}
        type="button"
        className="tool"
        aria-label={strings.tools.more}
        aria-pressed={drawn !== null}
        aria-haspopup="dialog"
        aria-expanded={open}
        tabIndex={drawn === null ? -1 : 0}
        data-testid="tool-shapes"
        onClick={() => setOpen(!open)}
        {...tipProps(drawn === null ? strings.tools.more : toolName(drawn), { side: 'top' })}
      >
        {drawn === null ? <Glyph icon={Shapes} size={20} /> : <ShapeIcon kind={drawn} />}
      </button>
      {open && (
        <Popover
          anchor={anchor}
          placement="above"
          label={strings.tools.more}
          className="panel"
          onClose={close}
        >
          <ShapeGrid
            chosen={isShapeKind(tool) ? tool : null}
            onChoose={(kind) => {
              editor.setTool(kind)
              close()
            }}
          />
        </Popover>
      )}
    </>
  )
}

/** In the bar of the selection: turns the selected shapes into another kind. */
export function ShapePart({ editor, summary }: { editor: Editor; summary: StyleSummary }) {
  const anchor = useRef<HTMLButtonElement>(null)
  const [open, setOpen] = useState(false)
  const close = useCallback(() => setOpen(false), [])
  if (summary.of !== 'selection' || !summary.types.includes('shape')) return null
  const kinds = new Set(
    editor.state.get().selection.flatMap((id) => {
      const e = editor.element(id)
      return e?.type === 'shape' ? [e.kind] : []
    }),
  )
  const [only] = kinds
  const chosen = kinds.size === 1 ? (only ?? null) : null
  return (
    <>
      <button
        ref={anchor}
        type="button"
        className="icon-button"
        aria-label={strings.tools.shape}
        aria-haspopup="dialog"
        aria-expanded={open}
        data-testid="prop-shape"
        onClick={() => setOpen(!open)}
        {...tipProps(strings.tools.shape, { side: 'top' })}
      >
        {chosen === null ? <Glyph icon={Shapes} size={20} /> : <ShapeIcon kind={chosen} />}
      </button>
      {open && (
        <Popover
          anchor={anchor}
          placement="below"
          label={strings.tools.shape}
          className="panel"
          onClose={close}
        >
          <ShapeGrid chosen={chosen} onChoose={(kind) => editor.setShape(kind)} />
        </Popover>
      )}
    </>
  )
}

interface ShapeGridProps {
  readonly chosen: ShapeKind | null
  readonly onChoose: (kind: ShapeKind) => void
}

function ShapeGrid({ chosen, onChoose }: ShapeGridProps) {
  return (
    <div className="shapes" role="radiogroup" aria-label={strings.tools.more} onKeyDown={rove}>
      {SHAPE_KINDS.map((kind) => (
        <button
          key={kind}
          type="button"
          role="radio"
          aria-checked={kind === chosen}
          aria-label={toolName(kind)}
          className="shapes__one"
          data-testid={`shape-${kind}`}
          onClick={() => onChoose(kind)}
          {...tipProps(toolName(kind), { side: 'top' })}
        >
          <ShapeIcon kind={kind} />
        </button>
      ))}
    </div>
  )
}

function rove(event: KeyboardEvent<HTMLElement>): void {
  const steps: Readonly<Record<string, number>> = {
    ArrowRight: 1,
    ArrowLeft: -1,
    ArrowDown: COLUMNS,
    ArrowUp: -COLUMNS,
  }
  const step = steps[event.key]
  if (step === undefined) return
  const all = [...event.currentTarget.querySelectorAll<HTMLElement>('button')]
  all[all.findIndex((one) => one === document.activeElement) + step]?.focus()
  event.preventDefault()
}

const ICON = { w: 18, h: 14 }

/** The shape itself, small. */
function ShapeIcon({ kind }: { kind: ShapeKind }) {
  return (
    <svg width="20" height="20" viewBox="-1 -3 20 20" aria-hidden="true">
      <path d={pathData(kind)} fill="none" stroke="currentColor" strokeWidth="1.5" strokeLinejoin="round" />
    </svg>
  )
}

function pathData(kind: ShapeKind): string {
  const { w, h } = ICON
  switch (kind) {
    case 'rectangle':
      return `M0 0H${w}V${h}H0Z`
    case 'ellipse':
      return `M0 ${h / 2}A${w / 2} ${h / 2} 0 1 1 ${w} ${h / 2}A${w / 2} ${h / 2} 0 1 1 0 ${h / 2}Z`
    case 'diamond':
      return `M${w / 2} 0L${w} ${h / 2}L${w / 2} ${h}L0 ${h / 2}Z`
    default:
      return svgOf(outlineOps(kind, w, h) ?? [])
  }
}
