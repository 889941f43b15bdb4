/**
 * The eraser: what the pointer is drawn across is shown faint and goes when it is let go, in one step. With Alt held what
 * it is drawn across stays after all.
 */
import { hitElement } from '../elements'
import type { Element, ElementId } from '../elements/types'
import { distance, growRect, rectBetween, rectsTouch, type Point } from '../geometry/box'
import { withStyle } from '../handling'
import type { LivePreview } from '../ports'
import { NOTHING_SHOWN, slackOf, stay, type Shown, type Tool, type ToolInput, type View } from './tool'

export type EraserState =
  | { readonly at: 'idle' }
  | {
      readonly at: 'erasing'
      readonly last: Point
      readonly marked: ReadonlySet<ElementId>
      /** Made anew only when another element is marked. */
      readonly live: LivePreview | null
    }

type Erasing = Extract<EraserState, { at: 'erasing' }>

const IDLE: EraserState = { at: 'idle' }
/** Of its own opacity, what is left of an element that is about to go. */
const FAINT = 0.2

export const eraserTool: Tool<EraserState> = {
  id: 'eraser',
  initial: IDLE,
  step(state, input, view) {
    if (input.kind === 'cancel') return stay(IDLE)
    switch (state.at) {
      case 'idle': {
        if (input.kind !== 'down') return stay(state)
        const accept = (e: Element) => canErase(e, view)
        const under = view.scene.topmostAt(input.at, slackOf(input, view.camera), accept)
        const start: Erasing = { at: 'erasing', last: input.at, marked: new Set(), live: null }
        return stay(under ? marking(start, [under.id], view) : start)
      }
      case 'erasing': {
        const next = input.trail.reduce((at, to) => eraseTo(at, to, input, view), state)
        if (input.kind !== 'up') return stay(next)
        const gone = [...next.marked].filter((id) => view.element(id) !== undefined)
        return { state: IDLE, effects: [{ do: 'commit', intents: gone.map((id) => ({ do: 'delete', id })) }] }
      }
    }
  },
  show(state): Shown {
    const idle: Shown = { ...NOTHING_SHOWN, cursor: 'eraser' }
    switch (state.at) {
      case 'idle':
        return idle
      case 'erasing':
        return { ...idle, active: true, live: state.live }
    }
  },
}

function eraseTo(state: Erasing, to: Point, input: ToolInput, view: View): Erasing {
  const slack = slackOf(input, view.camera)
  const moved = { ...state, last: { x: to.x, y: to.y } }
  if (distance(state.last, to) === 0) return moved
  const crossed = crossedBetween(state.last, to, slack, view).filter(
    (id) => state.marked.has(id) === input.alt,
  )
  return crossed.length === 0 ? moved : marking(moved, crossed, view)
}

/** A frame is deleted on purpose, never by the way. */
function canErase(e: Element, view: View): boolean {
  return e.type !== 'frame' && !view.family.isLocked(e.id)
}

/** Marks those that are not marked and lets go of those that are. */
function marking(state: Erasing, ids: readonly ElementId[], view: View): Erasing {
  const marked = new Set(state.marked)
  for (const id of ids) if (!marked.delete(id)) marked.add(id)
  const drafts = [...marked].flatMap((id) => {
    const e = view.element(id)
    return e ? [withStyle(e, { opacity: e.style.opacity * FAINT })] : []
  })
  return { ...state, marked, live: drafts.length === 0 ? null : { drafts } }
}

/** All the way from one point to the other, however fast it was. */
function crossedBetween(from: Point, to: Point, slack: number, view: View): ElementId[] {
  const steps = Math.max(1, Math.ceil(distance(from, to) / slack))
  const ids: ElementId[] = []
  const way = growRect(rectBetween(from, to), slack)
  view.scene.visit(way, (entry) => {
    const { element } = entry
    if (!canErase(element, view) || !rectsTouch(entry, way)) return
    for (let i = 1; i <= steps; i += 1) {
      const part = i / steps
      const p = { x: from.x + (to.x - from.x) * part, y: from.y + (to.y - from.y) * part }
      if (!hitElement(element, p, slack)) continue
      ids.push(element.id)
      return
    }
  })
  return ids
}
