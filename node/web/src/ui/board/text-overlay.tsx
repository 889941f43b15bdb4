/**
 * Where the text of an element is edited: laid exactly over where the painter draws it, turned and scaled with the
 * board. While one is only selected the field waits there unseen, so that an input method finds it with the first key.
 */

import { useEffect, useLayoutEffect, useRef } from 'react'
import type { KeyboardEvent } from 'react'
import { inkColor } from '../../core/colors'
import type { Editor, TextFrame } from '../../core/editor-api'
import type { ElementId } from '../../core/elements/types'
import { latinKey } from '../../core/keymap'
import { strings } from '../strings'
import type { Theme } from '../theme'
import { useStore } from '../use-store'
import { askForLink } from './link-field'
import { fieldWidth } from './text-field'
import { Writer } from './writer'

export function TextOverlay({ editor, theme }: { editor: Editor; theme: Theme }) {
  const editing = useStore(editor.state, (state) => state.editing?.id ?? null)
  const next = useStore(editor.state, () => editor.writesInto())
  const id = editing ?? next
  if (id === null) return null
  // One field for both: it may hold the first letters of a word that an input method is making.
  return <Field key={id} editor={editor} id={id} theme={theme} waits={editing === null} />
}

interface FieldProps {
  readonly editor: Editor
  readonly id: ElementId
  readonly theme: Theme
  readonly waits: boolean
}

function Field({ editor, id, theme, waits }: FieldProps) {
  const sheet = useRef<HTMLDivElement>(null)
  const turned = useRef<HTMLDivElement>(null)
  const field = useRef<HTMLDivElement>(null)
  const writer = useRef<Writer | null>(null)
  const themeNow = useRef(theme)

  useEffect(() => {
    themeNow.current = theme
    writer.current?.show()
  }, [theme])

  useLayoutEffect(() => {
    const nodes = { sheet: sheet.current, turned: turned.current, field: field.current }
    const { sheet: sheetNode, turned: turnedNode, field: fieldNode } = nodes
    if (sheetNode === null || turnedNode === null || fieldNode === null) return

    const move = () => {
      const { camera } = editor.state.get()
      sheetNode.style.transform = `translate(${camera.x}px, ${camera.y}px) scale(${camera.zoom})`
    }
    const lay = () => {
      const frame = editor.textFrame(id)
      if (frame !== null) layOut(turnedNode, fieldNode, frame, inkOf(editor, frame, themeNow.current))
    }
    const own = new Writer(editor, id, fieldNode, lay)
    writer.current = own
    move()
    const stops = [
      own.attach(),
      editor.state.subscribe(move),
      // The label of a connector goes along with what that connects.
      editor.scene.subscribe(() => {
        if (editor.document.get(id)?.type === 'connector') own.show()
      }),
    ]
    return () => {
      for (const stop of stops) stop()
      if (fieldNode === document.activeElement) focusBoard()
    }
  }, [editor, id])

  useLayoutEffect(() => {
    if (!waits) return writer.current?.begin()
    const wait = () => {
      if (mayWait()) writer.current?.wait()
    }
    wait()
    // A press on the board takes the focus there.
    window.addEventListener('pointerup', wait)
    return () => window.removeEventListener('pointerup', wait)
  }, [waits])

  const onKeyDown = (event: KeyboardEvent) => {
    if (waits) {
      writer.current?.hears(event.key)
      // Writing begins at the end.
      if (['Home', 'End', 'PageUp', 'PageDown'].includes(event.key)) event.preventDefault()
      return
    }
    event.stopPropagation()
    const own = writer.current
    if (event.nativeEvent.isComposing || own === null) return
    if (runKey(event, editor, own)) return event.preventDefault()
    const below = event.key === 'Enter' && (event.ctrlKey || event.metaKey)
    const beside = event.key === 'Tab'
    if (!below && !beside && event.key !== 'Escape') return
    event.preventDefault()
    if (event.key === 'Escape') return editor.escape()
    // A note goes on to the next; other texts are done.
    const goesOn = (below || (beside && !event.shiftKey)) && editor.addNote(below ? 'below' : 'beside')
    if (!goesOn) editor.endTextEdit()
  }
  return (
    <div ref={sheet} className="text-sheet">
      <div ref={turned} className="text-sheet__element">
        <div
          ref={field}
          className="text-field"
          data-testid={waits ? 'text-waits' : 'text-editor'}
          data-waits={waits ? '' : undefined}
          role="textbox"
          tabIndex={waits ? -1 : 0}
          aria-multiline="true"
          aria-label={strings.text.editor}
          contentEditable
          suppressContentEditableWarning
          spellCheck
          autoCapitalize="sentences"
          onBlur={(event) => {
            // To ask for a link's address is part of writing.
            if (event.relatedTarget instanceof Element && event.relatedTarget.closest('[data-writing]'))
              return
            if (editor.state.get().editing?.id === id) editor.endTextEdit()
          }}
          onKeyDown={onKeyDown}
        />
      </div>
    </div>
  )
}

/** Where only the board has the focus; what has no keys but on its screen would show them for every selection. */
function mayWait(): boolean {
  const { activeElement } = document
  const onBoard = activeElement === document.body || activeElement?.matches('[data-board]') === true
  return onBoard && !matchMedia('(hover: none)').matches
}

function focusBoard(): void {
  document.querySelector<HTMLElement>('[data-board]')?.focus({ preventScroll: true })
}

/** The keys of a text's own: true when it was one. */
function runKey(event: KeyboardEvent, editor: Editor, writer: Writer): boolean {
  writer.wantsPlain = event.shiftKey
  if (!(event.ctrlKey || event.metaKey) || event.altKey) return false
  const key = latinKey(event)
  switch (event.shiftKey ? `shift ${key}` : key) {
    case 'b':
      writer.toggleStyle('bold')
      return true
    case 'i':
      writer.toggleStyle('italic')
      return true
    case 'u':
      writer.toggleStyle('underline')
      return true
    case 'shift x':
      writer.toggleStyle('strike')
      return true
    case 'shift 8':
    case 'shift *':
      writer.toggleList('bullet')
      return true
    case 'shift 7':
    case 'shift &':
      writer.toggleList('number')
      return true
    case 'k':
      askForLink(editor)
      return true
    case 'z':
      writer.undo()
      return true
    case 'y':
    case 'shift z':
      writer.redo()
      return true
    default:
      return false
  }
}

/** As the painter colours the letters: on a shape or a note they stand on its fill. */
function inkOf(editor: Editor, frame: TextFrame, theme: Theme): string {
  const element = editor.element(frame.id)
  const fill = element === undefined || element.type === 'text' ? 'none' : element.style.fill
  return inkColor(frame.color, fill, theme)
}

function layOut(turned: HTMLElement, field: HTMLElement, frame: TextFrame, color: string): void {
  const { element } = frame
  turned.style.left = `${element.x}px`
  turned.style.top = `${element.y}px`
  turned.style.width = `${element.w}px`
  turned.style.height = `${element.h}px`
  turned.style.transform = element.angle === 0 ? '' : `rotate(${element.angle}rad)`

  const { style } = field
  style.fontSize = `${frame.fontSize}px`
  style.lineHeight = `${frame.lineHeight}px`
  style.color = color
  style.left = '0'
  style.top = `${(frame.lines[0]?.baseline ?? frame.baseline) - frame.baseline}px`
  style.width = `${fieldWidth(frame)}px`
}
