/**
 * The editor: feeds input to the tool at work, turns what it asks for into one transaction, and holds
 * what is not in the document: selection, camera, the text being written, styles for what comes next.
 *
 * Synchronous throughout; time and ids come in with the options.
 */
import { createBench, type Bench } from './bench'
import { pan, reveal, START } from './camera'
import { freeingIntents } from './connectors/ends'
import { Drafts } from './drafts'
import { createEdits, type EditDesk } from './edits'
import { createHands, type Hands } from './hands'
import type { Editor, EditorOptions, EditorState, ToolId } from './editor-api'
import { hasText } from './elements'
import type { Element, ElementId } from './elements/types'
import { frameAround } from './handling'
import { canRun, runByName, type Outside } from './actions'
import type { DocumentChange, Grouping, Intent, LivePreview } from './ports'
import { createFrameEdits } from './frame-edits'
import { homed } from './frames'
import { withoutEmptyGroups } from './grouping'
import { createPictureEdits } from './picture-edits'
import { groupAround, looksOf } from './units'
import { ELEMENTS_MAX } from './schema.gen'
import { NO_GUIDES } from './snapping/guide'
import { createScene, type PreviewSource } from './scene'
import { createStore } from './store'
import { isWriting, NO_STYLES, summarise } from './styling'
import { textFrameOf } from './textFrame'
import { intentsOfEdits } from './writing/format-elements'
import { writesInto } from './writing/letters'
import type { Effect } from './tools/tool'
import { createViewing } from './viewing'

const NOTHING_OUTSIDE: Outside = { run: () => undefined, has: () => false }

export function createEditor(options: EditorOptions): Editor {
  const { document, presence, outside = NOTHING_OUTSIDE } = options
  const scene = createScene(document)
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
    left: null,
    cropping: null,
    naming: null,
    frameSize: 'wide',
    marquee: null,
    hover: null,
    snapping: options.snapping ?? { elements: true, grid: false },
    guides: NO_GUIDES,
    cursor: 'default',
    gesture: false,
    placing: false,
    keepsTool: false,
    fingers: 'draw',
    fades: false,
    readOnly: options.readOnly ?? false,
    canUndo: document.canUndo(),
    canRedo: document.canRedo(),
  })
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
    patch({ left: null })
    const before = state.get().selection
    const after = [...new Set(ids)].filter((id) => document.get(id) !== undefined)
    if (after.length === before.length && after.every((id, i) => id === before[i])) return
    patch({ selection: after, cropping: null, naming: null })
    presence?.setSelection(after)
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

  /** One transaction, or nothing of it. Edits of the same group that follow each other fast are one undo step. */
  function commit(intents: readonly Intent[], group: string | null = null): boolean {
    if (state.get().readOnly || intents.length === 0) return false
    const without = excess(intents)
    if (without > 0) {
      options.onFull?.(without)
      return false
    }
    const grouping: Grouping = group !== null && group === lastGroup ? 'typing' : 'step'
    lastGroup = group
    const whole = [...homed(intents, scene), ...freeingIntents(intents, scene.connectorsOf)]
    document.apply(withoutEmptyGroups(whole, scene, document), grouping)
    return true
  }

  /** How many of the new elements the board has no room for: the server would take them away again. */
  function excess(intents: readonly Intent[]): number {
    const made = intents.filter((one) => one.do === 'create' || one.do === 'insert').length
    if (made === 0) return 0
    const gone = intents.filter((one) => one.do === 'delete').length
    return Math.max(0, Math.min(made, document.size() + made - gone - ELEMENTS_MAX))
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

  const bench: Bench = createBench({
    options,
    state,
    scene,
    preview,
    drafts,
    element: elementAt,
    patch,
    perform,
    heldCursor: () => hands.heldCursor(),
  })
  const viewing = createViewing({ state, scene, selected, patch, restep: () => bench.restep({}) })
  const hands: Hands = createHands({
    options,
    state,
    scene,
    bench,
    element: elementAt,
    patch,
    setCamera: viewing.setCamera,
    zoomTo: viewing.zoomTo,
    select,
    endTextEdit,
    writesInto: () => writesInto(state.get(), document.get, scene.family),
    startTextEdit: (id) => edit(id, false),
    editor: () => editor,
  })

  /** The tool at work draws, and goes on drawing. */
  function isKept(): boolean {
    return state.get().keepsTool && bench.tool() !== 'select'
  }

  function perform(effect: Effect): void {
    switch (effect.do) {
      case 'commit':
        commit(effect.intents)
        return
      case 'select':
        return isKept() ? undefined : select(effect.ids)
      case 'grow':
        if (editor.grow(effect.direction)) for (const id of state.get().selection) edit(id, true)
        return
      case 'tool':
        return isKept() ? undefined : setTool(effect.id)
      case 'edit':
        return edit(effect.id, effect.isNew)
      case 'crop':
        return pictureEdits.startCrop(effect.id)
      case 'pan':
        return viewing.setCamera(pan(state.get().camera, effect.dx, effect.dy))
    }
  }

  function setTool(id: ToolId): void {
    if (state.get().readOnly && isWriting(id)) return
    if (bench.tool() === id) return
    patch({ cropping: null })
    bench.cancel()
    endTextEdit()
    bench.take(id)
    if (id !== 'select' && id !== 'hand') select([])
    patch({ tool: id })
    bench.show()
  }

  // ---- edits

  function undo(): void {
    bench.cancel()
    endTextEdit()
    lastGroup = null
    if (!state.get().readOnly) document.undo()
  }

  function redo(): void {
    bench.cancel()
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

  function escape(): void {
    const { editing, selection } = state.get()
    if (bench.isActive()) return bench.cancel()
    if (state.get().cropping !== null) return pictureEdits.endCrop()
    if (editing) {
      endTextEdit()
      return patch({ left: editing.id })
    }
    if (bench.tool() !== 'select') return setTool('select')
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
    tellFull: (leftOut) => options.onFull?.(leftOut),
    select,
    setTool,
    writeIn: (id) => edit(id, true),
    endTextEdit,
    reveal: (rect) => viewing.setCamera(reveal(state.get().camera, state.get().viewport, rect)),
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
    ...viewing,
    pointer: hands.pointer,
    key: hands.key,
    wheel: hands.wheel,
    selectForMenu: hands.selectForMenu,
    tick: () => bench.tick(),
    endNaming: () => patch({ naming: null }),
    setDrafts(source, next) {
      drafts.set(source, next)
      bench.show()
    },
    state,
    document,
    scene,
    preview,
    act: (action) => runByName(action, editor, outside),
    can: (action) => canRun(action, editor, outside),
    setTool,
    styleSummary() {
      const looks = looksOf({ family: scene.family, element: elementAt }, state.get().selection)
      return { ...summarise(looks, bench.tool(), state.get()), locked: lockedOf(selected()) }
    },
    select,
    startTextEdit: (id) => edit(id, false),
    writesInto: () => writesInto(state.get(), document.get, scene.family),
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
    setKeepsTool: (keepsTool) => patch({ keepsTool }),
    setFingers: (fingers) => patch({ fingers }),
    setSnapping(change) {
      patch({ snapping: { ...state.get().snapping, ...change } })
      bench.restep({})
    },
    selectionBox: () => frameAround(state.get().selection.flatMap((id) => scene.get(id)?.element ?? [])),
    element: elementAt,
    setReadOnly(readOnly) {
      // What is cancelled may be something that would be placed.
      patch({ readOnly })
      if (readOnly) {
        bench.cancel()
        endTextEdit()
        patch({ cropping: null })
        if (isWriting(bench.tool())) setTool('select')
      }
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
