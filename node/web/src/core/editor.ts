/**
 * The editor: feeds input to the tool at work, turns what it asks for into one transaction, and holds
 * what is not in the document: selection, camera, the text being written, styles for what comes next.
 *
 * Synchronous throughout; time and ids come in with the options.
 */
import {
  bounded,
  fit,
  nextStep,
  pan,
  previousStep,
  reveal,
  START,
  toScreen,
  toWorld,
  wheelZoom,
  zoomAbout,
} from './camera'
import { freeingIntents } from './connectors/ends'
import { Drafts } from './drafts'
import { createEdits, keysOnTop, type EditDesk } from './edits'
import type {
  Camera,
  Editor,
  EditorOptions,
  EditorState,
  KeyInput,
  ModifierKeys,
  PointerInput,
  ToolId,
} from './editor-api'
import { hasText } from './elements'
import type { Element, ElementId } from './elements/types'
import type { Point, Rect } from './geometry/box'
import { Gestures } from './gestures'
import { boundsOf, frameAround } from './handling'
import { canRun, runByKey, runByName, type Outside } from './actions'
import { ACTIONS } from './actions/table'
import { bindingFor, type Binding } from './keymap'
import type { DocumentChange, Grouping, Intent, LivePreview } from './ports'
import { createFrameEdits } from './frame-edits'
import { homed } from './frames'
import { withoutEmptyGroups } from './grouping'
import { createPictureEdits } from './picture-edits'
import { groupAround, looksOf, unitAt } from './units'
import { NO_GUIDES } from './snapping/guide'
import { createScene, type PreviewSource } from './scene'
import { createStore } from './store'
import { isWriting, NO_STYLES, summarise } from './styling'
import { textFrameOf } from './textFrame'
import { intentsOfEdits } from './writing/format-elements'
import { startTool } from './tools'
import type { Effect, ToolInput, View } from './tools/tool'

const NOTHING_OUTSIDE: Outside = { run: () => undefined, has: () => false }
const NO_KEYS: ModifierKeys = { shift: false, alt: false, mod: false }

export function createEditor(options: EditorOptions): Editor {
  const { document, presence, outside = NOTHING_OUTSIDE } = options
  const scene = createScene(document)
  const gestures = new Gestures()
  const drafts = new Drafts()
  const preview = createStore<LivePreview | null>(null)
  const state = createStore<EditorState>({
    tool: 'select',
    selection: [],
    camera: START,
    viewport: { w: 0, h: 0 },
    styles: NO_STYLES,
    heads: { from_head: 'none', to_head: 'none' },
    connector: { kind: 'elbow', from_head: 'none', to_head: 'arrow' },
    binding: null,
    editing: null,
    cropping: null,
    naming: null,
    frameSize: 'wide',
    marquee: null,
    hover: null,
    snapping: options.snapping ?? { elements: true, grid: false },
    guides: NO_GUIDES,
    cursor: 'default',
    gesture: false,
    fingers: 'draw',
    fades: false,
    readOnly: options.readOnly ?? false,
    canUndo: document.canUndo(),
    canRedo: document.canRedo(),
  })
  let tool = startTool('select')
  let spaceHeld = false
  let penSeen = false
  let lastMove: PointerInput | null = null
  /** Edits of one name in a row join one undo step while they follow fast. */
  let lastGroup: string | null = null
  let peersShown = new Set<PreviewSource>()

  // ---- state

  function patch(next: Partial<EditorState>): void {
    const before = state.get()
    const keys = Object.keys(next) as (keyof EditorState)[]
    if (keys.every((key) => Object.is(before[key], next[key]))) return
    state.set({ ...before, ...next })
  }

  function select(ids: readonly ElementId[]): void {
    const before = state.get().selection
    const after = [...new Set(ids)].filter((id) => document.get(id) !== undefined)
    if (after.length === before.length && after.every((id, i) => id === before[i])) return
    patch({ selection: after, cropping: null, naming: null })
    presence?.setSelection(after)
  }

  function setCamera(camera: Camera): void {
    patch({ camera })
  }

  function elementsOf(ids: readonly ElementId[]): Element[] {
    return ids.flatMap((id) => elementAt(id) ?? [])
  }

  /** As the document holds it; a connector with its way, a group with the box around what it holds. */
  function elementAt(id: ElementId): Element | undefined {
    const e = document.get(id)
    if (e?.type === 'group') return scene.get(id)?.element ?? e
    return e && scene.routed(e)
  }

  function selected(): Element[] {
    return elementsOf(state.get().selection)
  }

  // ---- the document

  /** One transaction. Edits of the same group that follow each other fast are one undo step. */
  function commit(intents: readonly Intent[], group: string | null = null): void {
    if (state.get().readOnly || intents.length === 0) return
    const grouping: Grouping = group !== null && group === lastGroup ? 'typing' : 'step'
    lastGroup = group
    const whole = [...homed(intents, scene), ...freeingIntents(intents, scene.connectorsOf)]
    document.apply(withoutEmptyGroups(whole, scene, document), grouping)
  }

  function follow(change: DocumentChange): void {
    if (change.removed.length === 0) return
    const { selection, editing, hover } = state.get()
    const gone = new Set(change.removed)
    if (editing && gone.has(editing.id)) patch({ editing: null })
    const { cropping, naming } = state.get()
    if (naming !== null && gone.has(naming)) patch({ naming: null })
    if (cropping !== null && gone.has(cropping)) patch({ cropping: null })
    if (hover !== null && gone.has(hover)) patch({ hover: null })
    if (selection.some((id) => gone.has(id))) select(selection)
  }

  // ---- tools

  function view(): View {
    const { camera, viewport, snapping, selection, styles, heads, connector, readOnly, frameSize } =
      state.get()
    return {
      camera,
      heads,
      connector,
      viewport,
      snapping,
      selection,
      styles,
      readOnly,
      scene,
      family: scene.family,
      frameSize,
      lowestKey: scene.lowestKey,
      frameName: () => (options.frameName ?? String)(scene.frames().length + 1),
      element: elementAt,
      snapshot: (id) => document.snapshot(id),
      keysOnTop: (count) => keysOnTop(scene, count),
      newId: options.newId,
    }
  }

  function step(input: ToolInput): void {
    const running = tool
    for (const effect of running.step(input, view())) perform(effect)
    showGesture()
  }

  function perform(effect: Effect): void {
    switch (effect.do) {
      case 'commit':
        return commit(effect.intents)
      case 'select':
        return select(effect.ids)
      case 'grow':
        editor.grow(effect.direction)
        return
      case 'tool':
        return setTool(effect.id)
      case 'edit':
        return edit(effect.id, effect.isNew)
      case 'crop':
        return pictureEdits.startCrop(effect.id)
      case 'pan':
        return setCamera(pan(state.get().camera, effect.dx, effect.dy))
    }
  }

  function showGesture(): void {
    const shown = tool.shown()
    const live = drafts.with(shown.live)
    if (live !== preview.get()) {
      scene.setPreview('own', live)
      preview.set(live)
      presence?.setLive(live)
    }
    patch({
      marquee: shown.marquee,
      hover: shown.hover,
      guides: shown.guides,
      binding: shown.binding,
      cursor: spaceHeld || gestures.isPanning() ? (gestures.isPanning() ? 'grabbing' : 'grab') : shown.cursor,
      gesture: shown.active,
      fades: shown.fades,
    })
  }

  function toolInput(input: PointerInput, kind: ToolInput['kind'], clicks: number): ToolInput {
    const { camera } = state.get()
    const trail =
      input.trail && input.trail.length > 0 ? input.trail : [{ ...input.at, pressure: input.pressure }]
    return {
      kind,
      device: input.device,
      at: toWorld(camera, input.at),
      screen: input.at,
      pressure: input.pressure,
      trail: trail.map((p) => ({ ...toWorld(camera, p), pressure: p.pressure })),
      clicks,
      time_ms: options.now(),
      shift: input.shift,
      alt: input.alt,
      mod: input.mod,
    }
  }

  /** The gesture goes on where it was, under other keys or another camera. */
  function restep(keys: Partial<ModifierKeys>): void {
    if (!lastMove || !tool.shown().active) return
    lastMove = { ...lastMove, ...keys, kind: 'move', trail: [] }
    step(toolInput(lastMove, 'move', 0))
  }

  function cancelGesture(): void {
    if (!tool.shown().active) return
    const at = lastMove?.at ?? { x: 0, y: 0 }
    const input: PointerInput = {
      kind: 'cancel',
      pointerId: 0,
      device: 'mouse',
      button: 0,
      at,
      pressure: 0,
      time_ms: options.now(),
      ...NO_KEYS,
    }
    step(toolInput(input, 'cancel', 0))
  }

  function setTool(id: ToolId): void {
    if (state.get().readOnly && isWriting(id)) return
    if (tool.id === id) return
    patch({ cropping: null })
    cancelGesture()
    endTextEdit()
    tool = startTool(id)
    if (id !== 'select' && id !== 'hand') select([])
    patch({ tool: id })
    showGesture()
  }

  // ---- input

  function pointer(input: PointerInput): void {
    if (input.kind === 'leave') {
      presence?.setCursor(null)
      if (!tool.shown().active) patch({ hover: null })
      return
    }
    presence?.setCursor(toWorld(state.get().camera, input.at))
    const { fingers, readOnly } = state.get()
    const fingersPan = fingers === 'pan' || (readOnly && tool.id === 'select')
    const gesture = gestures.take(input, spaceHeld, fingersPan)
    if (input.device === 'pen' && !penSeen) {
      penSeen = true
      patch({ fingers: 'pan' })
    }
    switch (gesture.to) {
      case 'tool':
        if (gesture.instead) cancelGesture()
        if (gesture.kind === 'down') endTextEdit()
        lastMove = input
        step(toolInput(input, gesture.kind, gesture.clicks))
        return
      case 'view': {
        const moved = pan(state.get().camera, gesture.pan.x, gesture.pan.y)
        setCamera(zoomAbout(moved, moved.zoom * gesture.zoom, gesture.about))
        return
      }
      case 'tap':
        return tap(input, gesture.clicks)
      case 'tool-cancel':
        return cancelGesture()
      case 'menu':
        return selectForMenu(input.at)
      case 'nobody':
        return showGesture()
    }
  }

  /** A tap selects; what draws does so under a pen alone as long as fingers move the board. */
  function tap(input: PointerInput, clicks: number): void {
    if (tool.id !== 'select') return
    endTextEdit()
    lastMove = input
    step(toolInput(input, 'down', clicks))
    step(toolInput(input, 'up', clicks))
  }

  function selectForMenu(at: Point): void {
    cancelGesture()
    endTextEdit()
    const { camera, selection } = state.get()
    const under = scene.topmostAt(toWorld(camera, at), 5 / camera.zoom, () => true)
    const unit = under && unitAt({ family: scene.family, element: elementAt }, under.id, selection)
    if (unit !== undefined && !selection.includes(unit)) select([unit])
  }

  function key(input: KeyInput): boolean {
    if (input.key === ' ') return holdSpace(input.kind === 'down')
    const modifier = modifierOf(input.key)
    if (modifier) {
      restep({ [modifier]: input.kind === 'down' })
      // Alt alone would move the focus to the browser's menu in the middle of a drag.
      return input.key === 'Alt' && tool.shown().active
    }
    if (input.kind === 'up') return false
    const binding = bindingFor(input)
    if (!binding || (ACTIONS[binding.action].writes === true && state.get().readOnly)) return false
    return act(binding, input)
  }

  function holdSpace(held: boolean): boolean {
    if (state.get().editing) return false
    spaceHeld = held
    showGesture()
    return true
  }

  function act(binding: Binding, input: KeyInput): boolean {
    // During a gesture only Escape means anything: an edit in the middle of one would mix with it.
    if (tool.shown().active && binding.action !== 'escape') return true
    return runByKey(binding.action, input, editor, outside)
  }

  // ---- edits

  function undo(): void {
    cancelGesture()
    endTextEdit()
    lastGroup = null
    if (!state.get().readOnly) document.undo()
  }

  function redo(): void {
    cancelGesture()
    endTextEdit()
    lastGroup = null
    if (!state.get().readOnly) document.redo()
  }

  // ---- text

  function edit(id: ElementId, isNew: boolean): void {
    const element = document.get(id)
    const { readOnly, editing } = state.get()
    if (element?.type === 'frame' && !readOnly && !scene.family.isLocked(id)) {
      endTextEdit()
      select([id])
      return patch({ naming: id })
    }
    if (readOnly || !element || !hasText(element) || scene.family.isLocked(id) || editing?.id === id) return
    endTextEdit()
    // What is typed into something just made is one step with making it.
    if (isNew) lastGroup = `text ${id}`
    select([id])
    patch({ editing: { id, isNew } })
  }

  function endTextEdit(): void {
    const { editing } = state.get()
    patch({ naming: null })
    if (!editing) return
    patch({ editing: null })
    const element = document.get(editing.id)
    if (element?.type === 'text' && element.text.trim() === '') {
      commit([{ do: 'delete', id: element.id }], `text ${element.id}`)
    }
    lastGroup = null
    document.endStep()
  }

  // ---- view

  function zoomTo(zoom: number, about?: Point): void {
    const { camera, viewport } = state.get()
    setCamera(zoomAbout(camera, zoom, about ?? { x: viewport.w / 2, y: viewport.h / 2 }))
    restep({})
  }

  function zoomToRect(rect: Rect, zoomMost: number): void {
    setCamera(fit(rect, state.get().viewport, zoomMost))
  }

  function zoomToFit(): void {
    zoomToRect(scene.bounds(), 1)
  }

  function zoomToSelection(): void {
    const elements = selected()
    if (elements.length > 0) zoomToRect(boundsOf(elements), 2)
  }

  function escape(): void {
    const { editing, selection } = state.get()
    if (tool.shown().active) return cancelGesture()
    if (state.get().cropping !== null) return pictureEdits.endCrop()
    if (editing) return endTextEdit()
    if (tool.id !== 'select') return setTool('select')
    const around = groupAround({ family: scene.family, element: elementAt }, selection)
    if (selection.length > 0) select(around === null ? [] : [around])
  }

  // ---- others

  function followPeers(): void {
    const showing = new Set<PreviewSource>()
    for (const peer of presence?.peers() ?? []) {
      if (peer.live === null) continue
      showing.add(peer.clientId)
      scene.setPreview(peer.clientId, peer.live)
    }
    for (const source of peersShown) if (!showing.has(source)) scene.setPreview(source, null)
    peersShown = showing
  }

  const stops = [
    document.subscribe(follow),
    document.onHistory(() => patch({ canUndo: document.canUndo(), canRedo: document.canRedo() })),
    presence?.subscribe(followPeers),
    () => scene.destroy(),
  ]

  const desk: EditDesk = {
    state,
    document,
    scene,
    newId: options.newId,
    element: elementAt,
    commit,
    select,
    setTool,
    writeIn: (id) => edit(id, true),
    endTextEdit,
    reveal: (rect) => setCamera(reveal(state.get().camera, state.get().viewport, rect)),
    setStyles: (styles) => patch({ styles }),
    setHeads: (heads) => patch({ heads }),
    setConnector: (connector) => patch({ connector }),
  }
  const edits = createEdits(desk)
  const frameEdits = createFrameEdits({ ...desk, setFrameSize: (frameSize) => patch({ frameSize }) })
  const pictureEdits = createPictureEdits({ ...desk, setCropping: (cropping) => patch({ cropping }) })

  const editor: Editor = {
    ...edits,
    ...pictureEdits,
    ...frameEdits,
    endNaming: () => patch({ naming: null }),
    zoomToRect,
    setCamera,
    setDrafts(source, next) {
      drafts.set(source, next)
      showGesture()
    },
    state,
    document,
    scene,
    preview,
    pointer,
    key,
    act: (action) => runByName(action, editor, outside),
    can: (action) => canRun(action, editor, outside),
    wheel(input) {
      const { camera } = state.get()
      // What was under the pointer moves away from it; its next movement says what is there now.
      if (!tool.shown().active) patch({ hover: null })
      if (input.zoom) return zoomTo(wheelZoom(camera.zoom, input.dy), input.at)
      const sideways = input.shift && input.dx === 0
      setCamera(pan(camera, sideways ? -input.dy : -input.dx, sideways ? 0 : -input.dy))
      restep({})
    },
    tick() {
      if (lastMove && tool.shown().fades) step(toolInput(lastMove, 'tick', 0))
    },
    setTool,
    styleSummary() {
      const looks = looksOf({ family: scene.family, element: elementAt }, state.get().selection)
      return { ...summarise(looks, tool.id, state.get()), locked: lockedOf(selected()) }
    },
    select,
    selectForMenu,
    startTextEdit: (id) => edit(id, false),
    setText(id, text) {
      commit([{ do: 'setText', id, text }], `text ${id}`)
    },
    writeText(id, edits) {
      commit(intentsOfEdits(id, edits), `text ${id}`)
    },
    endTextEdit,
    textFrame: (id) => textFrameOf(elementAt(id)),
    undo,
    redo,
    escape,
    setViewport(w, h) {
      const { viewport } = state.get()
      if (viewport.w !== w || viewport.h !== h) patch({ viewport: { w, h } })
    },
    zoomTo,
    zoomIn: () => zoomTo(nextStep(state.get().camera.zoom)),
    zoomOut: () => zoomTo(previousStep(state.get().camera.zoom)),
    zoomToFit,
    zoomToSelection,
    lookAt: (camera) => setCamera(bounded(camera)),
    setFingers: (fingers) => patch({ fingers }),
    panBy(dx, dy) {
      setCamera(pan(state.get().camera, dx, dy))
    },
    setSnapping(change) {
      patch({ snapping: { ...state.get().snapping, ...change } })
      restep({})
    },
    toWorld: (screen) => toWorld(state.get().camera, screen),
    toScreen: (world) => toScreen(state.get().camera, world),
    selectionBox: () => frameAround(state.get().selection.flatMap((id) => scene.get(id)?.element ?? [])),
    element: elementAt,
    setReadOnly(readOnly) {
      if (readOnly) {
        cancelGesture()
        endTextEdit()
        patch({ cropping: null })
        if (isWriting(tool.id)) setTool('select')
      }
      patch({ readOnly })
    },
    destroy() {
      for (const stop of stops) stop?.()
      presence?.setLive(null)
      presence?.setSelection([])
    },
  }
  return editor
}

function lockedOf(elements: readonly Element[]): 'none' | 'some' | 'all' {
  const locked = elements.filter((e) => e.style.locked).length
  return locked === 0 ? 'none' : locked === elements.length ? 'all' : 'some'
}

function modifierOf(key: string): keyof ModifierKeys | null {
  switch (key) {
    case 'Shift':
      return 'shift'
    case 'Alt':
      return 'alt'
    case 'Control':
    case 'Meta':
      return 'mod'
    default:
      return null
  }
}
