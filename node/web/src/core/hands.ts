/** What hands do, pointer, wheel and keys, and who it is for: the tool at work, the view, or the table of actions. */
import { runByKey, type Outside } from './actions'
import { ACTIONS } from './actions/table'
import type { Bench } from './bench'
import { pan, toWorld, wheelZoom, zoomAbout } from './camera'
import type {
  Camera,
  CursorName,
  Editor,
  EditorOptions,
  EditorState,
  KeyInput,
  ModifierKeys,
  PointerInput,
} from './editor-api'
import type { Element, ElementId } from './elements/types'
import type { Point } from './geometry/box'
import { Gestures } from './gestures'
import { bindingFor, type Binding } from './keymap'
import type { Scene } from './scene'
import { frameHasPoint } from './selectionFrame'
import type { Store } from './store'
import { unitAt } from './units'
import { beginsText } from './writing/letters'

export interface HandsPort {
  readonly options: EditorOptions
  readonly state: Store<EditorState>
  readonly scene: Scene
  readonly bench: Bench
  element(id: ElementId): Element | undefined
  patch(next: Partial<EditorState>): void
  setCamera(camera: Camera): void
  zoomTo(zoom: number, about: Point): void
  select(ids: readonly ElementId[]): void
  endTextEdit(): void
  /** What letters are written in. */
  writesInto(): ElementId | null
  startTextEdit(id: ElementId): void
  editor(): Editor
}

export interface Hands extends Pick<Editor, 'pointer' | 'key' | 'wheel' | 'selectForMenu'> {
  /** The cursor while the board itself is held; null while it is not. */
  heldCursor(): CursorName | null
}

const NOTHING_OUTSIDE: Outside = { run: () => undefined, has: () => false }

export function createHands(port: HandsPort): Hands {
  const { options, state, scene, bench } = port
  const { presence, outside = NOTHING_OUTSIDE } = options
  const gestures = new Gestures()
  let spaceHeld = false
  let penSeen = false

  function pointer(input: PointerInput): void {
    if (input.kind === 'leave') {
      presence?.setCursor(null)
      if (!bench.isActive()) port.patch({ hover: null })
      return
    }
    presence?.setCursor(toWorld(state.get().camera, input.at))
    const { fingers, readOnly } = state.get()
    const fingersPan = fingers === 'pan' || (readOnly && bench.tool() === 'select')
    const gesture = gestures.take(input, spaceHeld, fingersPan)
    if (input.device === 'pen' && !penSeen) {
      penSeen = true
      port.patch({ fingers: 'pan' })
    }
    switch (gesture.to) {
      case 'tool':
        if (gesture.instead) bench.cancel()
        if (gesture.kind === 'down') port.endTextEdit()
        return bench.feed(input, gesture.kind, gesture.clicks)
      case 'view': {
        const moved = pan(state.get().camera, gesture.pan.x, gesture.pan.y)
        return port.setCamera(zoomAbout(moved, moved.zoom * gesture.zoom, gesture.about))
      }
      case 'tap':
        return tap(input, gesture.clicks)
      case 'tool-cancel':
        return bench.cancel()
      case 'menu':
        return selectForMenu(input.at)
      case 'nobody':
        return bench.show()
    }
  }

  /** A tap selects; what draws does so under a pen alone as long as fingers move the board. */
  function tap(input: PointerInput, clicks: number): void {
    if (bench.tool() !== 'select') return
    port.endTextEdit()
    bench.feed(input, 'down', clicks)
    bench.feed(input, 'up', clicks)
  }

  function selectForMenu(at: Point): void {
    bench.cancel()
    port.endTextEdit()
    const { camera, selection } = state.get()
    const p = toWorld(camera, at)
    const under = scene.topmostAt(p, 5 / camera.zoom, () => true)
    const unit = under && unitAt({ family: scene.family, element: port.element }, under.id, selection)
    if (unit === undefined) {
      const elements = selection.flatMap((id) => port.element(id) ?? [])
      if (!frameHasPoint(elements, p)) port.select([])
    } else if (!selection.includes(unit)) port.select([unit])
  }

  function key(input: KeyInput): boolean {
    if (input.key === ' ') return holdSpace(input.kind === 'down')
    const modifier = modifierOf(input.key)
    if (modifier) {
      bench.restep({ [modifier]: input.kind === 'down' })
      // Alt alone would move the focus to the browser's menu in the middle of a drag.
      return input.key === 'Alt' && bench.isActive()
    }
    if (input.kind === 'up') return false
    if (begin(input)) return false
    const binding = bindingFor(input)
    if (!binding || (ACTIONS[binding.action].writes === true && state.get().readOnly)) return false
    return act(binding, input)
  }

  function holdSpace(held: boolean): boolean {
    if (state.get().editing) return false
    spaceHeld = held
    bench.show()
    return true
  }

  /** The text is opened, and the browser types the letter into it: an input method makes words of letters. */
  function begin(input: KeyInput): boolean {
    if (bench.isActive() || !beginsText(input)) return false
    const id = port.writesInto()
    if (id !== null) port.startTextEdit(id)
    return id !== null
  }

  function act(binding: Binding, input: KeyInput): boolean {
    // During a gesture only Escape means anything: an edit in the middle of one would mix with it.
    if (bench.isPlacing()) return place(binding)
    if (bench.isActive() && binding.action !== 'escape') return true
    return runByKey(binding.action, input, port.editor(), outside)
  }

  /** Between the presses of a gesture: Enter and Escape end it, and Backspace takes the last step back. */
  function place({ action }: Binding): boolean {
    if (action === 'delete') bench.back()
    else if (action === 'editText' || action === 'escape') bench.cancel()
    return true
  }

  return {
    pointer,
    key,
    selectForMenu,
    wheel(input) {
      const { camera } = state.get()
      // What was under the pointer moves away from it; its next movement says what is there now.
      if (!bench.isActive()) port.patch({ hover: null })
      if (input.zoom) return port.zoomTo(wheelZoom(camera.zoom, input.dy), input.at)
      const sideways = input.shift && input.dx === 0
      port.setCamera(pan(camera, sideways ? -input.dy : -input.dx, sideways ? 0 : -input.dy))
      bench.restep({})
    },
    heldCursor() {
      if (gestures.isPanning()) return 'grabbing'
      return spaceHeld ? 'grab' : null
    },
  }
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
