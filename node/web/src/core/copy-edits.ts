/** What is brought to the board: copies, what the clipboard holds, texts, and notes after notes. */
import { viewOf } from './camera'
import { insertIntents, payloadBounds, payloadOf } from './copies'
import type { EditDesk } from './edits'
import type { ClipboardPayload, Editor, Pasted } from './editor-api'
import { frameOf } from './elements'
import { createIntent, newText } from './elements/make'
import type { Element, ElementId, StickyElement, TextElement } from './elements/types'
import {
  EMPTY_RECT,
  rectCentre,
  rectOfBox,
  rectsTouch,
  unionRect,
  type Box,
  type Point,
  type Rect,
} from './geometry/box'
import { keysOnTop } from './order'
import type { Intent } from './ports'
import { ELEMENTS_MAX } from './schema.gen'
import { linesOf, noteAfter, notesOf, type NoteDirection } from './sticky-flow'
import { partsOf } from './text/parts'
import { NO_RUNS, type RichText, type TextRun } from './text/runs'
import { sliceOf } from './writing/marks'

export type CopyEdits = Pick<Editor, 'copy' | 'duplicate' | 'paste' | 'pasteText' | 'placeText' | 'addNote'>

/** A copy beside its original stands this far off, in world units. */
const COPY_OFFSET = 20
/** A paragraph from elsewhere is one line; beyond this it is wrapped, to be read without panning. */
const PASTED_WIDTH_MAX = 640
/** Between the parts of a text that is longer than one element holds. */
const PARTS_GAP = 40
/** A text of more parts than this is a book, and not laid out. */
export const PARTS_MAX = 50

const NOTHING: Pasted = { elements: 0, parts: 0, leftOut: 0 }

export function createCopyEdits(desk: EditDesk): CopyEdits {
  const { state, document, scene, commit, select, setTool } = desk
  /** Since the last copy: each paste stands a step further off. */
  let pastes = 0

  /** All that goes where the selection goes, bottom first. */
  function family(): Element[] {
    const { selection } = state.get()
    const chosen = new Set([...selection, ...scene.family.below(selection)])
    return scene.order().flatMap(({ id }) => (chosen.has(id) ? (desk.element(id) ?? []) : []))
  }

  function copy(): ClipboardPayload | null {
    pastes = 0
    return payloadOf(document, family())
  }

  /** As much of it as the board still holds, lowest first. */
  function insert(payload: ClipboardPayload, by: Point): Pasted {
    const room = Math.max(0, ELEMENTS_MAX - document.size())
    const elements = payload.elements.slice(0, room)
    const intents = insertIntents(
      { ...payload, elements },
      {
        by,
        keys: keysOnTop(scene, elements.length),
        newId: desk.newId,
        hasParent: (id) => document.get(id) !== undefined,
      },
    )
    commit(intents)
    setTool('select')
    select(scene.family.tops(intents.flatMap((intent) => (intent.do === 'insert' ? [intent.id] : []))))
    return { elements: elements.length, parts: 0, leftOut: payload.elements.length - elements.length }
  }

  function duplicate(): void {
    const payload = payloadOf(document, family())
    const { leftOut } = payload ? insert(payload, { x: COPY_OFFSET, y: COPY_OFFSET }) : NOTHING
    if (leftOut > 0) desk.tellFull(leftOut)
  }

  function paste(payload: ClipboardPayload, at?: Point): Pasted {
    if (state.get().readOnly) return NOTHING
    const bounds = payloadBounds(payload)
    const inView = view()
    pastes += 1
    const beside = { x: COPY_OFFSET * pastes, y: COPY_OFFSET * pastes }
    if (at === undefined && rectsTouch(bounds, inView)) return insert(payload, beside)
    const from = rectCentre(bounds)
    const to = at ?? rectCentre(inView)
    const by = { x: to.x - from.x, y: to.y - from.y }
    const [x = 0, y = 0] = payload.elements[0]?.box ?? []
    const free = freePlace({ x: x + by.x, y: y + by.y })
    return insert(payload, { x: free.x - x, y: free.y - y })
  }

  function view(): Rect {
    const { camera, viewport } = state.get()
    return viewOf(camera, viewport)
  }

  /** There, or a step further off, so that what is pasted twice does not hide itself. */
  function freePlace(at: Point): Point {
    const taken = new Set(scene.order().map(({ element: { box } }) => placeName(box)))
    let { x, y } = at
    while (taken.has(placeName({ x, y }))) {
      x += COPY_OFFSET
      y += COPY_OFFSET
    }
    return { x, y }
  }

  /** The one note that is being written in or selected. */
  function note(): StickyElement | null {
    const { editing, selection } = state.get()
    const [id, second] = editing ? [editing.id] : selection
    const element = id === undefined || second !== undefined ? undefined : document.get(id)
    return element?.type === 'sticky' && !element.style.locked ? element : null
  }

  function addNote(direction: NoteDirection): boolean {
    const source = note()
    if (!source || state.get().readOnly) return false
    desk.endTextEdit()
    const [z = 'a0'] = keysOnTop(scene, 1)
    const made = noteAfter(source, direction, scene, { id: desk.newId(), z })
    // The key meant this even where there is no room.
    if (!commit([createIntent(made)])) return true
    setTool('select')
    desk.reveal(rectOfBox(made.box))
    desk.writeIn(made.id)
    return true
  }

  function pasteNotes(source: StickyElement, lines: readonly string[]): Pasted {
    const keys = keysOnTop(scene, lines.length)
    const notes = notesOf(
      lines,
      source,
      scene,
      keys.map((z) => ({ id: desk.newId(), z })),
    )
    if (!commit(notes.map(createIntent))) return NOTHING
    select(notes.map((one) => one.id))
    desk.reveal(notes.reduce<Rect>((all, one) => unionRect(all, rectOfBox(one.box)), EMPTY_RECT))
    return { elements: notes.length, parts: 0, leftOut: 0 }
  }

  function pasteText(text: string, at?: Point, runs: readonly TextRun[] = NO_RUNS): Pasted {
    if (state.get().readOnly || text.trim() === '') return NOTHING
    const source = note()
    const lines = linesOf(text)
    return source && lines ? pasteNotes(source, lines) : placeText({ text, runs }, at)
  }

  function placeText(rich: RichText, at?: Point): Pasted {
    if (state.get().readOnly || rich.text.trim() === '') return NOTHING
    const parts = partsOf(rich.text)
    const shown = parts.slice(0, PARTS_MAX)
    const keys = keysOnTop(scene, shown.length)
    const made = shown.map(({ from, to }, i) =>
      textOf(sliceOf(rich, from, to), { id: desk.newId(), z: keys[i] ?? 'a0' }, parts.length > 1),
    )
    const placed = inColumns(made, at)
    if (!commit(placed.flatMap(writtenOut))) return NOTHING
    setTool('select')
    select(placed.map((e) => e.id))
    const end = shown.at(-1)?.to ?? 0
    return { elements: placed.length, parts: placed.length, leftOut: rich.text.length - end }
  }

  function textOf(part: RichText, by: { id: ElementId; z: string }, wraps: boolean): TextElement {
    const { styles } = state.get()
    const wide = (width: number | null): TextElement => ({
      ...newText({ ...by, styles }, { x: 0, y: 0 }, width, part.text),
      runs: part.runs,
    })
    const free = wide(wraps ? PASTED_WIDTH_MAX : null)
    return wraps || frameOf(free).w <= PASTED_WIDTH_MAX ? free : wide(PASTED_WIDTH_MAX)
  }

  /** One in the middle; several side by side. Of what is taller than the view the first line is where one looks. */
  function inColumns(texts: readonly TextElement[], at?: Point): TextElement[] {
    const [first] = texts
    if (!first) return []
    const size = frameOf(first)
    const seen = view()
    const fits = texts.length === 1 && size.h <= seen.maxY - seen.minY
    const corner =
      fits || at !== undefined
        ? centred(size, at ?? rectCentre(seen))
        : { x: seen.minX + PARTS_GAP, y: seen.minY + 2 * PARTS_GAP }
    const free = freePlace(corner)
    return texts.map((e, i) => {
      const x = free.x + i * (PASTED_WIDTH_MAX + PARTS_GAP)
      return { ...e, box: { ...e.box, x, y: free.y } }
    })
  }

  return { copy, duplicate, paste, pasteText, placeText, addNote }
}

/** The text with its formats. */
function writtenOut(e: TextElement): Intent[] {
  const formats = (e.runs ?? NO_RUNS).map(({ start, end, marks }): Intent => ({
    do: 'formatText',
    id: e.id,
    from: start,
    to: end,
    marks,
  }))
  return [createIntent(e), ...formats]
}

function centred({ w, h }: Box, { x, y }: Point): Point {
  return { x: x - w / 2, y: y - h / 2 }
}

/** As precise as boxes are stored. */
function placeName({ x, y }: Point): string {
  return `${x.toFixed(2)} ${y.toFixed(2)}`
}
