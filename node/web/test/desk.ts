/** Boards for tests: real documents over Y.Doc, linked or apart, and an editor driven by hand. */
import * as Y from 'yjs'
import { createEditor } from '../src/core/editor'
import type { Editor, KeyInput, ModifierKeys, PointerInput, ToolId } from '../src/core/editor-api'
import type { LivePresence, LivePreview } from '../src/core/ports'
import { openBoardDocument, type YBoard } from '../src/doc/yboard'

export interface Desk {
  readonly ydoc: Y.Doc
  readonly board: YBoard
  readonly editor: Editor
  /** Every live preview that was told to the others, the last one last. */
  readonly told: (LivePreview | null)[]
  press(x: number, y: number, keys?: Partial<ModifierKeys>): void
  moveTo(x: number, y: number, keys?: Partial<ModifierKeys>): void
  release(x: number, y: number, keys?: Partial<ModifierKeys>): void
  drag(from: readonly [number, number], to: readonly [number, number], keys?: Partial<ModifierKeys>): void
  click(x: number, y: number, keys?: Partial<ModifierKeys>): void
  wait(time_ms: number): void
  doubleClick(x: number, y: number): void
  /** `code` is for the keys that are known by it. */
  key(key: string, keys?: Partial<ModifierKeys & { code: string }>): boolean
  draw(tool: ToolId, from: readonly [number, number], to: readonly [number, number]): string
}

let desks = 0

export function desk(ydoc = new Y.Doc()): Desk {
  const board = openBoardDocument(ydoc)
  const told: (LivePreview | null)[] = []
  const presence: LivePresence = {
    setCursor: () => undefined,
    setSelection: () => undefined,
    setPresenting: () => undefined,
    setLive: (live) => void told.push(live),
    peers: () => [],
    subscribe: () => () => undefined,
  }
  desks += 1
  const name = desks
  let made = 0
  let now_ms = 0
  const newId = () => `el_${name}_${(made += 1)}`
  const editor = createEditor({ document: board, presence, now: () => now_ms, newId })
  editor.setViewport(1280, 800)

  const none: ModifierKeys = { shift: false, alt: false, mod: false }
  function send(kind: PointerInput['kind'], x: number, y: number, keys: Partial<ModifierKeys> = {}): void {
    now_ms += 8
    const rest = { pointerId: 1, device: 'mouse', button: 0, pressure: 0.5, time_ms: now_ms } as const
    editor.pointer({ kind, at: { x, y }, ...rest, ...none, ...keys })
  }
  const press: Desk['press'] = (x, y, keys) => send('down', x, y, keys)
  const moveTo: Desk['moveTo'] = (x, y, keys) => send('move', x, y, keys)
  const release: Desk['release'] = (x, y, keys) => send('up', x, y, keys)
  const pause = () => (now_ms += 1000)

  function drag(
    [x, y]: readonly [number, number],
    [toX, toY]: readonly [number, number],
    keys?: Partial<ModifierKeys>,
  ): void {
    pause()
    press(x, y, keys)
    for (const part of [0.3, 0.6, 1]) moveTo(x + (toX - x) * part, y + (toY - y) * part, keys)
    release(toX, toY, keys)
  }
  function click(x: number, y: number, keys?: Partial<ModifierKeys>): void {
    pause()
    press(x, y, keys)
    release(x, y, keys)
  }
  return {
    ydoc,
    board,
    editor,
    told,
    press,
    moveTo,
    release,
    drag,
    click,
    wait: (time_ms) => (now_ms += time_ms),
    doubleClick(x, y) {
      click(x, y)
      press(x, y)
      release(x, y)
    },
    key(key, keys) {
      const input: KeyInput = { kind: 'down', key, code: '', repeat: false, ...none, ...keys }
      return editor.key(input)
    },
    draw(tool, from, to) {
      const before = new Set(board.ids())
      editor.setTool(tool)
      drag(from, to)
      const [id] = [...board.ids()].filter((one) => !before.has(one))
      if (id === undefined) throw new Error(`${tool} drew nothing`)
      return id
    },
  }
}

/** Everything in the document, nested types told apart from plain values. */
export function contentOf(ydoc: Y.Doc): unknown {
  return describe(ydoc.getMap('elements'))
}

function describe(value: unknown): unknown {
  if (value instanceof Y.Map) {
    const keys = [...value.keys()].sort()
    return { map: keys.map((key) => [key, describe(value.get(key))]) }
  }
  if (value instanceof Y.Text) return { text: value.toDelta() as unknown }
  if (value instanceof Y.Array) return { array: value.toArray().map(describe) }
  if (value instanceof Uint8Array) return { bytes: [...value] }
  return value
}

/** Both have what either has. */
export function exchange(a: Y.Doc, b: Y.Doc): void {
  const fromA = Y.encodeStateAsUpdate(a, Y.encodeStateVector(b))
  const fromB = Y.encodeStateAsUpdate(b, Y.encodeStateVector(a))
  Y.applyUpdate(b, fromA, 'remote')
  Y.applyUpdate(a, fromB, 'remote')
}
