/**
 * Between the field and the document: what the keyboard does becomes changes of the text, what others change is shown,
 * and the caret stays at its letters. In the middle of an input method's word the field belongs to the browser.
 */
import type { Editor } from '../../core/editor-api'
import type { ElementId } from '../../core/elements/types'
import type { RichText } from '../../core/text'
import { FieldText } from '../../core/writing/field-text'
import { fitting, type Fitting } from '../../core/writing/bounds'
import { htmlFromRich, isReadable, richFromHtml } from '../../core/writing/html'
import { sliceOf, type MarksPatch } from '../../core/writing/marks'
import * as rich from '../../core/writing/rich-edit'
import type { Edited, Selection } from '../../core/writing/rich-edit'
import { clusterBeside, offsetOf, select, selectionIn, showText, textShown } from './text-field'
import { offerRest, tellFull } from './transfer/told'
import { tellOfLetter } from './one-letter'
import { writingIn } from './writing'

export class Writer {
  private readonly editor: Editor
  private readonly id: ElementId
  private readonly field: HTMLElement
  private readonly held: FieldText
  private pending: MarksPatch | null = null
  private composing = false
  private told: string | null = null
  /** The change that the document tells of is the one made here. */
  private writing = false
  /** Nothing was typed yet: the field is there and shows nothing. */
  private waits = true
  /** The text that a letter on the selected element was typed into; null when writing was opened in another way. */
  private typedInto: string | null = null
  private caret: Selection & { readonly backward: boolean }
  private readonly onShown: () => void

  constructor(editor: Editor, id: ElementId, field: HTMLElement, onShown: () => void) {
    this.editor = editor
    this.id = id
    this.field = field
    this.onShown = onShown
    this.held = new FieldText(this.text.text)
    const end = this.held.shown.length
    this.caret = { start: end, end, backward: false }
  }

  attach(): () => void {
    const { field, editor, id } = this
    this.show()
    // While it waits what is copied, cut and pasted are elements.
    const writes = <Event>(act: (event: Event) => void) => {
      return (event: Event) => {
        if (!this.waits) act(event)
      }
    }
    const stops = [
      listen(field, 'beforeinput', (event) => this.beforeInput(event)),
      listen(field, 'input', () => this.readBack()),
      listen(field, 'compositionstart', () => this.startComposing()),
      listen(field, 'compositionend', () => this.endComposing()),
      listen(
        field,
        'paste',
        writes((event) => this.paste(event)),
      ),
      listen(
        field,
        'copy',
        writes((event) => this.copy(event)),
      ),
      listen(
        field,
        'cut',
        writes((event) => this.cut(event)),
      ),
      listen(document, 'selectionchange', () => this.selectionChanged()),
      editor.document.subscribe((change) => {
        if (this.writing || !(change.changed.includes(id) || change.added.includes(id))) return
        // The page may have moved the caret without having told of it yet.
        if (!this.composing) this.readCaret()
        this.held.happened(this.text.text, change.texts.get(id))
        if (!this.composing) this.catchUp()
      }),
    ]
    return () => {
      for (const stop of stops) stop()
      writingIn(editor).set(null)
      const isLeft = editor.state.get().left === id
      if (this.typedInto !== null && !isLeft) tellOfLetter(this.typedInto, this.held.shown, editor)
    }
  }

  /** The first key finds the field, at the end of the text. */
  wait(): void {
    this.field.focus({ preventScroll: true })
    this.toEnd()
  }

  /** A key on what is selected: a letter begins its text. */
  hears(key: string): void {
    this.typedInto = [...key].length === 1 ? this.held.shown : null
    this.wait()
  }

  begin(): void {
    if (!this.waits) return
    this.waits = false
    this.field.focus({ preventScroll: true })
    this.toEnd()
    this.tell()
  }

  private toEnd(): void {
    const end = this.held.shown.length
    this.caret = { start: end, end, backward: false }
    const found = selectionIn(this.field)
    // To set it anew would end the word that an input method has just begun.
    if (found?.start !== end || found.end !== end) this.putCaret()
  }

  /** What comes is text: false where nothing may be written. */
  private began(): boolean {
    if (this.waits) this.editor.startTextEdit(this.id)
    if (this.editor.state.get().editing?.id !== this.id) return false
    this.begin()
    return true
  }

  /** Lays the field out anew, for a change of how it looks. */
  show(): void {
    const frame = this.editor.textFrame(this.id)
    if (!frame) return
    if (!this.composing) showText(this.field, frame)
    this.onShown()
  }

  toggleStyle(name: rich.StyleName): void {
    this.selectionChanged()
    this.commit(rich.toggleStyle(this.text, this.caret, name, this.pending))
  }

  toggleList(kind: 'bullet' | 'number'): void {
    this.selectionChanged()
    this.commit(rich.toggleList(this.text, this.caret, kind, this.pending))
  }

  setLink(link: string | null, at: Selection): void {
    const { length } = this.text.text
    const [start, end] = [Math.min(at.start, length), Math.min(at.end, length)]
    if (this.commit(rich.setLink(this.text, { start, end }, link)) > 0) tellFull()
  }

  undo(): void {
    this.editor.document.undo()
    this.editor.document.endStep()
  }

  redo(): void {
    this.editor.document.redo()
    this.editor.document.endStep()
  }

  private get text(): RichText {
    const frame = this.editor.textFrame(this.id)
    return { text: frame?.text ?? '', runs: frame?.runs ?? [] }
  }

  // ---- what the browser is about to do

  private beforeInput(event: InputEvent): void {
    // A word in the making is the browser's; what cannot be prevented is read from the field afterwards.
    if (event.isComposing || this.composing || !event.cancelable) return
    const isFirst = this.waits
    if (isFirst && !(event.inputType.startsWith('insert') && this.began())) return event.preventDefault()
    this.readCaret()
    // What the first one means to change was said before the caret went to the end.
    const edited = this.edited(event, isFirst ? this.caret : this.rangeOf(event))
    if (edited === 'native') return
    event.preventDefault()
    if (edited && this.commit(edited) > 0) tellFull()
  }

  private edited(event: InputEvent, at: Selection): Edited | null | 'native' {
    const { text, pending } = this
    switch (event.inputType) {
      case 'insertText':
      case 'insertReplacementText':
      case 'insertFromDrop':
      case 'insertFromYank': {
        const data = event.data ?? event.dataTransfer?.getData('text/plain') ?? ''
        return data === '' ? null : rich.typed(text, at, data.replaceAll('\r\n', '\n'), pending)
      }
      case 'insertParagraph':
      case 'insertLineBreak':
        return rich.enter(text, this.caret, pending)
      case 'insertCompositionText':
      case 'deleteCompositionText':
        return 'native'
      case 'historyUndo':
        this.undo()
        return null
      case 'historyRedo':
        this.redo()
        return null
      default:
        return event.inputType.startsWith('delete') ? this.deleted(event, at) : null
    }
  }

  private deleted(event: InputEvent, at: Selection): Edited | null {
    const { text, caret } = this
    const backward = event.inputType.endsWith('Backward')
    if (backward) {
      const unlisted = rich.backspace(text, caret, this.pending)
      if (unlisted) return unlisted
    }
    if (caret.start !== caret.end) return rich.removed(caret.start, caret.end)
    const isLetter = /^deleteContent(Backward|Forward)$/.test(event.inputType)
    // Where a line only wraps the browser sees nothing between the two places.
    const range = isLetter || at.start === at.end ? clusterBeside(text.text, caret.start, backward) : at
    return rich.removed(range.start, range.end)
  }

  /** What the event means to change: for most of them the selection. */
  private rangeOf(event: InputEvent): Selection {
    const [range] = event.getTargetRanges()
    if (!range) return this.caret
    const start = offsetOf(this.field, range.startContainer, range.startOffset)
    const end = offsetOf(this.field, range.endContainer, range.endOffset)
    return { start: Math.min(start, end), end: Math.max(start, end) }
  }

  // ---- what the browser has done

  private readBack(): void {
    const value = textShown(this.field)
    this.readCaret()
    const splices = this.held.typed(value, this.caret.end)
    if (splices.length > 0) {
      const marks = rich.patched(
        rich.typingMarks(this.text, { start: splices[0]?.at ?? 0, end: splices[0]?.at ?? 0 }),
        this.pending,
      )
      const fits = this.fitting(splices.map((splice) => ({ do: 'splice', splice: { ...splice, marks } })))
      this.apply(fits.edits)
      if (fits.left > 0) {
        this.held.happened(this.text.text, undefined)
        tellFull()
      }
    }
    if (this.composing) this.onShown()
    else this.catchUp()
  }

  private startComposing(): void {
    this.began()
    this.readCaret()
    // The browser would join lines by its own lights.
    if (this.caret.start !== this.caret.end) this.commit(rich.removed(this.caret.start, this.caret.end))
    this.composing = true
  }

  private endComposing(): void {
    this.readBack()
    this.composing = false
    this.pending = null
    this.catchUp()
  }

  /** The page tells of it late: a key may be there before. */
  private selectionChanged(): void {
    if (this.composing || this.waits) return
    const { start, end } = this.caret
    if (!this.readCaret()) return
    if (this.caret.start !== start || this.caret.end !== end) {
      this.pending = null
      this.editor.document.endStep()
    }
    this.tell()
  }

  private readCaret(): boolean {
    const found = selectionIn(this.field)
    if (found) this.caret = found
    return found !== null
  }

  // ---- changes

  /** How many code units found no room. */
  private commit(edited: Edited): number {
    const fits = this.fitting(edited.edits)
    this.apply(fits.edits)
    this.held.happened(this.text.text, undefined)
    this.held.caughtUp()
    this.pending = edited.pending
    const caret = fits.end === null ? edited.caret : { start: fits.end, end: fits.end }
    this.caret = { ...caret, backward: false }
    this.show()
    this.putCaret()
    this.tell()
    return fits.left
  }

  private fitting(edits: readonly rich.TextEdit[]): Fitting {
    return fitting(edits, this.text.text.length)
  }

  private apply(edits: readonly rich.TextEdit[]): void {
    this.writing = true
    this.editor.writeText(this.id, edits)
    this.writing = false
  }

  /** Shows what others did. */
  private catchUp(): void {
    const moved = this.held.caughtUp()
    const { start, end, backward } = this.caret
    this.caret = { start: moved(start), end: moved(end), backward }
    this.show()
    this.putCaret()
  }

  private putCaret(): void {
    const { start, end, backward } = this.caret
    const { length } = this.held.shown
    if (document.activeElement === this.field)
      select(this.field, Math.min(start, length), Math.min(end, length), backward)
  }

  /** Only what is another now: every letter would draw the buttons anew. */
  private tell(): void {
    const marks = rich.selectionMarks(this.text, this.caret, this.pending)
    const told = JSON.stringify(marks)
    if (told === this.told) return
    this.told = told
    writingIn(this.editor).set({
      marks,
      toggleStyle: (name) => this.toggleStyle(name),
      toggleList: (kind) => this.toggleList(kind),
      selection: () => {
        this.selectionChanged()
        const { start, end } = this.caret
        return { start, end }
      },
      setLink: (link, at) => this.setLink(link, at),
      focus: (at) => {
        this.field.focus({ preventScroll: true })
        if (at) this.caret = { ...at, backward: false }
        this.putCaret()
      },
    })
  }

  // ---- clipboard

  private copy(event: ClipboardEvent): void {
    event.stopPropagation()
    this.readCaret()
    if (this.caret.start === this.caret.end || !event.clipboardData) return
    const part = sliceOf(this.text, this.caret.start, this.caret.end)
    event.clipboardData.setData('text/plain', part.text)
    event.clipboardData.setData('text/html', htmlFromRich(part))
    event.preventDefault()
  }

  private cut(event: ClipboardEvent): void {
    this.copy(event)
    if (event.defaultPrevented) this.commit(rich.removed(this.caret.start, this.caret.end))
  }

  private paste(event: ClipboardEvent): void {
    const data = event.clipboardData
    if (!data) return
    // The line that it came to may be gone before the board asks whether it lies in a field.
    event.stopPropagation()
    event.preventDefault()
    this.readCaret()
    const plain = data.getData('text/plain').replaceAll(/\r\n?/g, '\n')
    const html = data.getData('text/html')
    const isPlain = html === '' || this.wantsPlain || !isReadable(html)
    const given = isPlain ? { text: plain, runs: [] } : richFromHtml(html)
    if (given.text === '') return
    const left = this.commit(rich.pasted(this.text, this.caret, given))
    if (left > 0) offerRest(this.editor, this.id, sliceOf(given, given.text.length - left, given.text.length))
  }

  /** Ctrl-Shift-V: the browser then offers no HTML in most cases, and here never. */
  wantsPlain = false
}

function listen<Name extends keyof HTMLElementEventMap>(
  target: HTMLElement | Document,
  name: Name | 'selectionchange',
  act: (event: HTMLElementEventMap[Name]) => void,
): () => void {
  const own = (event: Event) => act(event as HTMLElementEventMap[Name])
  target.addEventListener(name, own)
  return () => target.removeEventListener(name, own)
}
