/** The tool at work: what a gesture is fed with, what it asks for, and what is to be seen of it. */
import { toWorld } from './camera'
import type { Drafts } from './drafts'
import type { CursorName, EditorOptions, EditorState, ModifierKeys, PointerInput, ToolId } from './editor-api'
import type { Element, ElementId } from './elements/types'
import { keysOnTop } from './order'
import type { LivePreview } from './ports'
import type { Scene } from './scene'
import type { Store, WritableStore } from './store'
import { startTool } from './tools'
import type { Effect, ToolInput, View } from './tools/tool'

export interface BenchPort {
  readonly options: EditorOptions
  readonly state: Store<EditorState>
  readonly scene: Scene
  readonly preview: WritableStore<LivePreview | null>
  readonly drafts: Drafts
  element(id: ElementId): Element | undefined
  patch(next: Partial<EditorState>): void
  perform(effect: Effect): void
  /** The cursor while the board itself is held; null lets the tool say. */
  heldCursor(): CursorName | null
}

export interface Bench {
  tool(): ToolId
  /** Another tool is taken up, at rest. */
  take(id: ToolId): void
  /** A gesture is under way. */
  isActive(): boolean
  feed(input: PointerInput, kind: ToolInput['kind'], clicks: number): void
  /** The gesture goes on where it was, under other keys or another camera. */
  restep(keys: Partial<ModifierKeys>): void
  cancel(): void
  /** A gesture goes on from press to press. */
  isPlacing(): boolean
  /** Takes back its last step. */
  back(): void
  /** Time has passed. */
  tick(): void
  /** Brings what is seen of the gesture up to date. */
  show(): void
}

const NO_KEYS: ModifierKeys = { shift: false, alt: false, mod: false }

export function createBench(port: BenchPort): Bench {
  const { options, state, scene, preview, drafts } = port
  const { document, presence } = options
  let tool = startTool('select')
  let lastMove: PointerInput | null = null

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
      element: port.element,
      snapshot: (id) => document.snapshot(id),
      keysOnTop: (count) => keysOnTop(scene, count),
      newId: options.newId,
    }
  }

  function step(input: ToolInput): void {
    const running = tool
    for (const effect of running.step(input, view())) port.perform(effect)
    show()
  }

  function show(): void {
    const shown = tool.shown()
    const live = drafts.with(shown.live)
    if (live !== preview.get()) {
      scene.setPreview('own', live)
      preview.set(live)
      presence?.setLive(live)
    }
    port.patch({
      marquee: shown.marquee,
      hover: shown.hover,
      guides: shown.guides,
      binding: shown.binding,
      cursor: port.heldCursor() ?? shown.cursor,
      gesture: shown.active,
      placing: shown.placing,
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

  function tell(kind: 'cancel' | 'back'): void {
    if (!tool.shown().active) return
    const input: PointerInput = {
      kind: 'cancel',
      pointerId: 0,
      device: 'mouse',
      button: 0,
      at: lastMove?.at ?? { x: 0, y: 0 },
      pressure: 0,
      time_ms: options.now(),
      ...NO_KEYS,
    }
    step(toolInput(input, kind, 0))
  }

  return {
    tool: () => tool.id,
    take(id) {
      tool = startTool(id)
    },
    isActive: () => tool.shown().active,
    feed(input, kind, clicks) {
      lastMove = input
      step(toolInput(input, kind, clicks))
    },
    restep(keys) {
      if (!lastMove || !tool.shown().active) return
      lastMove = { ...lastMove, ...keys, kind: 'move', trail: [] }
      step(toolInput(lastMove, 'move', 0))
    },
    cancel: () => tell('cancel'),
    isPlacing: () => tool.shown().placing,
    back: () => tell('back'),
    tick() {
      if (lastMove && tool.shown().fades) step(toolInput(lastMove, 'tick', 0))
    },
    show,
  }
}
