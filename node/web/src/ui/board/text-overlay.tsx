/**
 * The field in which the text of an element is edited, laid exactly over where the painter draws it:
 * same font, same size, same line height, turned and scaled with the board.
 */

import { useLayoutEffect, useRef, useState } from 'react'
import { inkColor } from '../../core/colors'
import type { Editor, TextFrame } from '../../core/editor-api'
import type { ElementId } from '../../core/elements/types'
import { FieldText } from '../../core/writing/field-text'
import { strings } from '../strings'
import type { Theme } from '../theme'
import { useStore } from '../use-store'

export function TextOverlay({ editor, theme }: { editor: Editor; theme: Theme }) {
  const editing = useStore(editor.state, (state) => state.editing)
  if (editing === null) return null
  return <Field key={editing.id} editor={editor} id={editing.id} theme={theme} />
}

function Field({ editor, id, theme }: { editor: Editor; id: ElementId; theme: Theme }) {
  const sheet = useRef<HTMLDivElement>(null)
  const turned = useRef<HTMLDivElement>(null)
  const field = useRef<HTMLTextAreaElement>(null)
  const composing = useRef(false)
  /** The change that the document tells of is the one made here. */
  const writing = useRef(false)
  const [held] = useState(() => new FieldText(editor.textFrame(id)?.text ?? ''))

  useLayoutEffect(() => {
    const nodes = { sheet: sheet.current, turned: turned.current, field: field.current }
    const { sheet: sheetNode, turned: turnedNode, field: fieldNode } = nodes
    if (sheetNode === null || turnedNode === null || fieldNode === null) return
    let drawn: TextFrame | null = null

    const move = () => {
      const { camera } = editor.state.get()
      sheetNode.style.transform = `translate(${camera.x}px, ${camera.y}px) scale(${camera.zoom})`
    }
    const lay = () => {
      const frame = editor.textFrame(id)
      if (frame === null) return
      // What others typed into the same text; never in the middle of an input method's word.
      if (!composing.current) catchUp(fieldNode, held)
      layOut(turnedNode, fieldNode, frame, inkOf(editor, frame, theme))
      drawn = frame
    }
    move()
    lay()
    if (drawn !== null) {
      fieldNode.focus({ preventScroll: true })
      fieldNode.setSelectionRange(fieldNode.value.length, fieldNode.value.length)
    }
    const stops = [
      editor.state.subscribe(move),
      editor.document.subscribe((change) => {
        if (!change.changed.includes(id) && !change.added.includes(id)) return
        const text = editor.textFrame(id)?.text
        if (text !== undefined && !writing.current) held.happened(text, change.texts.get(id))
        lay()
      }),
      // The label of a connector goes along with what that connects.
      editor.scene.subscribe(() => {
        if (editor.document.get(id)?.type === 'connector') lay()
      }),
    ]
    return () => {
      for (const stop of stops) stop()
    }
  }, [editor, id, theme, held])

  const write = (target: HTMLTextAreaElement) => {
    const splices = held.typed(target.value, target.selectionEnd)
    writing.current = true
    editor.spliceText(id, splices)
    writing.current = false
  }
  return (
    <div ref={sheet} className="text-sheet">
      <div ref={turned} className="text-sheet__element">
        <textarea
          ref={field}
          className="text-field"
          data-testid="text-editor"
          aria-label={strings.text.editor}
          defaultValue={held.shown}
          spellCheck={false}
          autoComplete="off"
          autoCapitalize="sentences"
          rows={1}
          onInput={(event) => write(event.currentTarget)}
          onCompositionStart={() => {
            composing.current = true
          }}
          onCompositionEnd={(event) => {
            write(event.currentTarget)
            composing.current = false
            catchUp(event.currentTarget, held)
          }}
          onBlur={() => {
            if (editor.state.get().editing?.id === id) editor.endTextEdit()
          }}
          onKeyDown={(event) => {
            event.stopPropagation()
            if (event.nativeEvent.isComposing) return
            const below = event.key === 'Enter' && (event.ctrlKey || event.metaKey)
            const beside = event.key === 'Tab'
            if (!below && !beside && event.key !== 'Escape') return
            event.preventDefault()
            // A note goes on to the next; other texts are done.
            const goesOn =
              (below || (beside && !event.shiftKey)) && editor.addNote(below ? 'below' : 'beside')
            if (!goesOn) editor.endTextEdit()
          }}
        />
      </div>
    </div>
  )
}

/** As the painter colours the letters: on a shape or a note they stand on its fill. */
function inkOf(editor: Editor, frame: TextFrame, theme: Theme): string {
  const element = editor.element(frame.id)
  const fill = element === undefined || element.type === 'text' ? 'none' : element.style.fill
  return inkColor(frame.color, fill, theme)
}

function catchUp(field: HTMLTextAreaElement, held: FieldText): void {
  const moved = held.caughtUp()
  const text = held.shown
  if (field.value === text) return
  const { selectionStart, selectionEnd, selectionDirection } = field
  field.value = text
  field.setSelectionRange(moved(selectionStart), moved(selectionEnd), selectionDirection)
}

function layOut(turned: HTMLElement, field: HTMLTextAreaElement, frame: TextFrame, color: string): void {
  const { element, area } = frame
  turned.style.left = `${element.x}px`
  turned.style.top = `${element.y}px`
  turned.style.width = `${element.w}px`
  turned.style.height = `${element.h}px`
  turned.style.transform = element.angle === 0 ? '' : `rotate(${element.angle}rad)`

  const { style } = field
  style.fontSize = `${frame.fontSize}px`
  style.lineHeight = `${frame.lineHeight}px`
  style.textAlign = frame.align
  style.color = color
  style.whiteSpace = frame.wraps ? 'pre-wrap' : 'pre'
  // An empty text that follows its words has no width; the caret needs some.
  const slack = frame.wraps ? 0 : frame.fontSize
  const width = area.w + slack
  style.width = `${width}px`
  style.height = '0'
  const height = Math.max(frame.lineHeight, field.scrollHeight)
  style.height = `${height}px`
  style.left = `${area.x - element.x - slackBefore(frame, slack)}px`
  style.top = `${area.y - element.y + above(frame, height)}px`
}

function slackBefore(frame: TextFrame, slack: number): number {
  switch (frame.align) {
    case 'left':
      return 0
    case 'center':
      return slack / 2
    case 'right':
      return slack
  }
}

function above(frame: TextFrame, height: number): number {
  const room = frame.area.h - height
  switch (frame.valign) {
    case 'top':
      return 0
    case 'middle':
      return room / 2
    case 'bottom':
      return room
  }
}
