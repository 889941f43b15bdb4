/**
 * Select, move, resize, turn. What a press landed on is decided on the way down, what the gesture is
 * when it starts to move, and what a click means on the way up.
 */
import { hasText, hitElement } from '../elements'
import { linePoints } from '../elements/line'
import type { Element, ElementId, LineElement } from '../elements/types'
import { boxCentre, distance, rectBetween, type Box, type Point } from '../geometry/box'
import { snapAngle, TURN_STEP } from '../geometry/transform'
import type { CursorName } from '../editor-api'
import {
  frameAround,
  intentsOf,
  liveOf,
  movePoint,
  turnElement,
  withPoints,
  type Handled,
  type LineGrip,
} from '../handling'
import { cursorOf, frameHasPoint, gripAt, selectionFrame, type Grip } from '../selectionFrame'
import { NO_GUIDES, type Guide } from '../snapping/guide'
import type { Except, SnapTargets } from '../snapping/targets'
import { drawnPoint } from './drawn-point'
import { joinOn, placeJoin, showJoin, takeEnd, type Joining } from './joining'
import { beginMove, moveOn, placeMove, showMove, type Moving } from './moving'
import { beginResize, placeResize, resizeOn, showResize, type Resizing } from './resizing'
import { sproutOn, type Sprouting } from './sprouting'
import { writeAt } from './text'
import { frameNamedAt } from '../frames'
import { deeper, shapedBy, unitAt } from '../units'
import {
  isDrag,
  NOTHING_SHOWN,
  slackOf,
  stay,
  type Effect,
  type Shown,
  type Step,
  type Tool,
  type ToolInput,
  type View,
} from './tool'

/** What the pointer went down on. */
type Target =
  | { readonly on: 'element'; readonly id: ElementId; readonly wasSelected: boolean }
  /** Inside the frame of the selection, but on none of it. */
  | { readonly on: 'frame' }
  | { readonly on: 'board' }

export type SelectState =
  | { readonly at: 'idle'; readonly hover: ElementId | null; readonly cursor: CursorName }
  | {
      readonly at: 'pressed'
      readonly from: Point
      readonly screen: Point
      readonly target: Target
      readonly clicks: number
    }
  | Moving
  | Resizing
  | Joining
  | Sprouting
  | {
      readonly at: 'turning'
      readonly frame: Box
      readonly from: Point
      readonly handled: readonly Handled[]
    }
  | {
      readonly at: 'bending'
      readonly grip: LineGrip
      /** Of the press, until the pointer has moved from there. */
      readonly screen: Point | null
      readonly before: LineElement
      readonly after: LineElement
      readonly own: Except
      readonly targets: SnapTargets | null
      readonly guides: readonly Guide[]
    }
  | {
      readonly at: 'marquee'
      readonly from: Point
      readonly to: Point
      readonly base: readonly ElementId[]
    }

type At<K extends SelectState['at']> = Extract<SelectState, { at: K }>

const IDLE: SelectState = { at: 'idle', hover: null, cursor: 'default' }

export const selectTool: Tool<SelectState> = {
  id: 'select',
  initial: IDLE,
  step(state, input, view) {
    if (input.kind === 'cancel') return stay(IDLE)
    switch (state.at) {
      case 'idle':
        return input.kind === 'down' ? press(input, view) : stay(hover(input, view))
      case 'pressed':
        if (input.kind === 'up') return { state: hover(input, view), effects: click(state, input, view) }
        return isDrag(input, state.screen) ? drag(state, input, view) : stay(state)
      case 'moving':
        return movingStep(moveOn(state, input, view), input, view)
      case 'resizing': {
        const next = resizeOn(state, input, view)
        return input.kind === 'up' ? { state: IDLE, effects: placeResize(next) } : stay(next)
      }
      case 'turning':
        return turn(state, input)
      case 'bending':
        return bend(state, input, view)
      case 'joining': {
        const next = joinOn(state, input, view)
        return input.kind === 'up' ? { state: IDLE, effects: placeJoin(next, view) } : stay(next)
      }
      case 'sprouting':
        return sproutOn(state, input, view)
      case 'marquee':
        return marquee(state, input, view)
    }
  },
  show,
}

function hover(input: ToolInput, view: View): SelectState {
  const grip = gripUnder(input, view)
  if (grip) {
    const frame = frameAround(selected(view))
    return { at: 'idle', hover: null, cursor: cursorOf(grip, frame?.angle ?? 0) }
  }
  const over = unitUnder(input, view)
  return { at: 'idle', hover: over?.id ?? null, cursor: over && !view.readOnly ? 'move' : 'default' }
}

function press(input: ToolInput, view: View): Step<SelectState> {
  const grip = gripUnder(input, view)
  if (grip?.is === 'point' && input.clicks === 2) return removePoint(grip.at, view)
  if (grip && (input.clicks < 2 || grip.is === 'sprout')) return stay(hold(grip, input, view))
  const pressed = (target: Target): SelectState => ({
    at: 'pressed',
    from: input.at,
    screen: input.screen,
    target,
    clicks: input.clicks,
  })
  const under = unitUnder(input, view)
  if (!under) {
    const inFrame = view.selection.length > 0 && frameHasPoint(selected(view), input.at)
    return stay(pressed(inFrame ? { on: 'frame' } : { on: 'board' }))
  }
  const wasSelected = view.selection.includes(under.id)
  const state = pressed({ on: 'element', id: under.id, wasSelected })
  // With Alt it is not known yet whether this is a click through to what lies beneath.
  if (wasSelected || input.alt) return stay(state)
  const ids = input.shift ? [...view.selection, under.id] : [under.id]
  return { state, effects: [{ do: 'select', ids }] }
}

function hold(grip: Grip, input: ToolInput, view: View): SelectState {
  const elements = selected(view)
  const frame = frameAround(elements)
  const [first] = elements
  if (!frame || !first) return IDLE
  const turned = shapedBy(view, view.selection, 'turn').map((e) => ({ before: e, after: e }))
  switch (grip.is) {
    case 'resize':
      return beginResize(grip.handle, frame, input.at, shapedBy(view, view.selection, 'resize'))
    case 'turn':
      return { at: 'turning', frame, from: input.at, handled: turned }
    case 'end':
      return first.type === 'connector' ? takeEnd(first, grip.end) : IDLE
    case 'point':
    case 'middle':
      return first.type === 'line' ? beginBend(grip, first, input) : IDLE
    case 'sprout':
      return { at: 'sprouting', id: first.id, side: grip.side, screen: input.screen }
  }
}

function beginBend(grip: LineGrip, line: LineElement, { screen }: ToolInput): SelectState {
  const own = new Set([line.id])
  return { at: 'bending', grip, screen, before: line, after: line, own, targets: null, guides: NO_GUIDES }
}

/** A double click on a point between the ends takes it away. */
function removePoint(at: number, view: View): Step<SelectState> {
  const [line] = selected(view)
  const points = line?.type === 'line' ? linePoints(line) : []
  if (line?.type !== 'line' || at === 0 || at >= points.length - 1) return stay(IDLE)
  const handled = [{ before: line, after: withPoints(line, points.toSpliced(at, 1)) }]
  return { state: IDLE, effects: [{ do: 'commit', intents: intentsOf(handled) }] }
}

/** The press has become a drag. */
function drag(state: At<'pressed'>, input: ToolInput, view: View): Step<SelectState> {
  switch (state.target.on) {
    case 'element':
    case 'frame': {
      if (view.readOnly) return stay(state)
      const ids = draggedIds(state.target, view)
      const before = elementsOf(view.family.tops(ids), view).filter((e) => !view.family.isLocked(e.id))
      const step = movingStep(moveOn(beginMove(state.from, before, view), input, view), input, view)
      return { state: step.state, effects: [{ do: 'select', ids }, ...step.effects] }
    }
    case 'board': {
      const base = input.shift ? view.selection : []
      return marquee({ at: 'marquee', from: state.from, to: input.at, base }, input, view)
    }
  }
}

function draggedIds(target: Target, view: View): readonly ElementId[] {
  return target.on === 'element' && !view.selection.includes(target.id) ? [target.id] : view.selection
}

function click(state: At<'pressed'>, input: ToolInput, view: View): Effect[] {
  // Clicks with Alt go down through a stack, however fast they come.
  if (state.clicks === 2 && !input.alt) {
    const inner = goIn(state.target, input, view)
    if (inner !== null) return [{ do: 'select', ids: [inner] }]
  }
  if (state.clicks === 2 && !input.alt && !view.readOnly) {
    if (state.target.on === 'element' && view.element(state.target.id)?.type === 'frame') {
      return [{ do: 'edit', id: state.target.id, isNew: false }]
    }
    const writable = writableUnder(input, view)
    if (writable)
      return [
        { do: 'select', ids: [writable.id] },
        { do: 'edit', id: writable.id, isNew: false },
      ]
    const under = elementUnder(input, view)
    if (under?.type === 'image') return [{ do: 'crop', id: under.id }]
    if (state.target.on === 'board') return writeAt(input.at, view)
  }
  switch (state.target.on) {
    case 'element': {
      const { id, wasSelected } = state.target
      if (input.alt) return [{ do: 'select', ids: [beneath(id, input, view) ?? id] }]
      if (!wasSelected) return []
      if (input.shift) return [{ do: 'select', ids: view.selection.filter((other) => other !== id) }]
      return [{ do: 'select', ids: [id] }]
    }
    case 'frame':
    case 'board':
      return input.shift ? [] : [{ do: 'select', ids: [] }]
  }
}

function movingStep(state: Moving, input: ToolInput, view: View): Step<SelectState> {
  return input.kind === 'up' ? { state: IDLE, effects: placeMove(state, view) } : stay(state)
}

function turn(state: At<'turning'>, input: ToolInput): Step<SelectState> {
  const centre = boxCentre(state.frame)
  const angleTo = (p: Point) => Math.atan2(p.y - centre.y, p.x - centre.x)
  let by = angleTo(input.at) - angleTo(state.from)
  if (input.shift) by = snapAngle(state.frame.angle + by, TURN_STEP) - state.frame.angle
  const handled = state.handled.map(({ before }) => ({ before, after: turnElement(before, centre, by) }))
  if (input.kind !== 'up') return stay({ ...state, handled })
  return { state: IDLE, effects: [{ do: 'commit', intents: intentsOf(handled) }] }
}

function bend(state: At<'bending'>, input: ToolInput, view: View): Step<SelectState> {
  const { grip, before } = state
  if (state.screen && !isDrag(input, state.screen)) return stay(input.kind === 'up' ? IDLE : state)
  const points = linePoints(before)
  const beside = grip.is === 'middle' ? grip.at : grip.at === 0 ? 1 : grip.at - 1
  const { at, targets, guides } = drawnPoint(input, view, state, points[beside] ?? null)
  const moved = movePoint(before, grip, at)
  if (input.kind !== 'up') return stay({ ...state, screen: null, after: moved, targets, guides })
  const after = merged(moved, grip.is === 'middle' ? grip.at + 1 : grip.at, slackOf(input, view.camera))
  return { state: IDLE, effects: [{ do: 'commit', intents: intentsOf([{ before, after }]) }] }
}

/** A point that is let go on the one beside it is that one; two always stay. */
function merged(line: LineElement, at: number, slack: number): LineElement {
  const points = linePoints(line)
  const [moved, ...others] = [points[at], points[at - 1], points[at + 1]]
  const isOn = moved && others.some((other) => other && distance(moved, other) <= slack)
  return isOn && points.length > 2 ? withPoints(line, points.toSpliced(at, 1)) : line
}

/** Takes what it touches; with Alt or Ctrl only what it encloses. Shift adds to what was selected. */
function marquee(state: At<'marquee'>, input: ToolInput, view: View): Step<SelectState> {
  const rect = rectBetween(state.from, input.at)
  const found = view.scene.inRect(rect, input.alt || input.mod ? 'enclosing' : 'touching')
  const ids = new Set(state.base)
  for (const e of found) if (!view.family.isLocked(e.id)) ids.add(unitAt(view, e.id, state.base))
  const effects: Effect[] = [{ do: 'select', ids: view.family.tops([...ids]) }]
  return { state: input.kind === 'up' ? IDLE : { ...state, to: input.at }, effects }
}

function selected(view: View): Element[] {
  return elementsOf(view.selection, view)
}

function elementsOf(ids: readonly ElementId[], view: View): Element[] {
  return ids.flatMap((id) => view.element(id) ?? [])
}

function gripUnder(input: ToolInput, view: View): Grip | null {
  if (view.readOnly) return null
  const frame = selectionFrame(selected(view), view.camera)
  return frame && gripAt(frame, input.at, view.camera.zoom, input.device === 'touch' ? 2 : 1)
}

function elementUnder(input: ToolInput, view: View): Element | undefined {
  const accept = (e: Element) => !view.family.isLocked(e.id)
  const named = frameNamedAt(view.scene, input.at, view.camera)
  if (named && accept(named)) return named
  return view.scene.topmostAt(input.at, slackOf(input, view.camera), accept)
}

/** As a click takes it: with Ctrl what lies there itself, otherwise the group that it is a part of. */
function unitUnder(input: ToolInput, view: View): Element | undefined {
  const under = elementUnder(input, view)
  if (!under || input.mod) return under
  return view.element(unitAt(view, under.id, view.selection))
}

/** A double click on a group goes in: to its part that lies there. */
function goIn(target: Target, input: ToolInput, view: View): ElementId | null {
  if (target.on === 'board') return null
  const [only, second] = view.selection
  const group = target.on === 'element' ? target.id : second === undefined ? only : undefined
  if (group === undefined || view.element(group)?.type !== 'group') return null
  const under = elementUnder(input, view)
  return under && view.family.above(under.id).includes(group) ? deeper(view, group, under.id) : null
}

/** For a double click the inside of a hollow shape counts: its text is written there. */
function writableUnder(input: ToolInput, view: View): Element | undefined {
  const under = elementUnder(input, view)
  if (under) return hasText(under) ? under : undefined
  const around = { minX: input.at.x, minY: input.at.y, maxX: input.at.x, maxY: input.at.y }
  let found: Element | undefined
  view.scene.visit(around, ({ element }) => {
    if (hasText(element) && !view.family.isLocked(element.id) && frameHasPoint([element], input.at))
      found = element
  })
  return found
}

/** The next element below this one at the pointer, or the topmost again from the bottom. */
function beneath(id: ElementId, input: ToolInput, view: View): ElementId | undefined {
  const { x, y } = input.at
  const slack = slackOf(input, view.camera)
  const stack: ElementId[] = []
  view.scene.visit({ minX: x - slack, minY: y - slack, maxX: x + slack, maxY: y + slack }, ({ element }) => {
    if (!view.family.isLocked(element.id) && hitElement(element, input.at, slack)) stack.push(element.id)
  })
  const current = view.selection.find((one) => stack.includes(one)) ?? id
  const place = stack.indexOf(current)
  return stack[place - 1] ?? stack.at(-1)
}

function show(state: SelectState): Shown {
  switch (state.at) {
    case 'idle':
      return { ...NOTHING_SHOWN, hover: state.hover, cursor: state.cursor }
    case 'pressed':
      return { ...NOTHING_SHOWN, active: true, cursor: state.target.on === 'board' ? 'default' : 'move' }
    case 'moving':
      return showMove(state)
    case 'resizing':
      return showResize(state)
    case 'turning':
      return { ...NOTHING_SHOWN, active: true, cursor: 'rotate', live: liveOf(state.handled) }
    case 'bending': {
      const { before, after, guides } = state
      return {
        ...NOTHING_SHOWN,
        active: true,
        cursor: 'crosshair',
        live: liveOf([{ before, after }]),
        guides,
      }
    }
    case 'joining':
      return showJoin(state)
    case 'sprouting':
      return { ...NOTHING_SHOWN, active: true, cursor: 'crosshair' }
    case 'marquee':
      return { ...NOTHING_SHOWN, active: true, marquee: rectBetween(state.from, state.to) }
  }
}
