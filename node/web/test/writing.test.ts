/** Two people in one text: nothing that anybody typed is lost, and nobody's caret leaves the letters it stood at. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import * as Y from 'yjs'
import { FieldText } from '../src/core/writing/field-text'
import { crossed, placeAfter, spliced, spliceEndingAt, type Splice } from '../src/core/writing/splice'
import { desk, exchange, type Desk } from './desk'

/** The text before with the caret as `|`, what another does to it, and where the caret is then. */
test.each<[string, Splice, string]>([
  ['one| two', { at: 0, removed: 0, inserted: '1 ' }, '1 one| two'],
  ['one| two', { at: 3, removed: 0, inserted: ' and' }, 'one| and two'],
  ['aaa|', { at: 0, removed: 0, inserted: 'a' }, 'aaaa|'],
  ['|one', { at: 0, removed: 0, inserted: 'a' }, '|aone'],
  ['abc|def', { at: 2, removed: 2, inserted: '' }, 'ab|ef'],
  ['abc|def', { at: 0, removed: 6, inserted: '' }, '|'],
])('%s → %s → %s', (before, splice, after) => {
  const caret = placeAfter(before.indexOf('|'), splice)
  const text = spliced(before.replace('|', ''), [splice])
  expect(`${text.slice(0, caret)}|${text.slice(caret)}`).toBe(after)
})

test('of repeated letters the one before the caret was typed', () => {
  expect(spliceEndingAt('aaa', 'aaaa', 2)).toEqual({ at: 1, removed: 0, inserted: 'a' })
  expect(spliceEndingAt('aaa', 'aa', 1)).toEqual({ at: 1, removed: 1, inserted: '' })
  expect(spliceEndingAt('ab', 'axb', 9)).toEqual({ at: 1, removed: 0, inserted: 'x' })
  expect(spliceEndingAt('😀', '😁', 2)).toEqual({ at: 0, removed: 2, inserted: '😁' })
})

const rough = fc.record({ at: fc.nat(12), removed: fc.nat(4), inserted: fc.string({ maxLength: 3 }) })

/** So many changes one after the other, each within the text that it meets. */
function fitting(text: string, list: readonly Splice[]): Splice[] {
  const out: Splice[] = []
  for (const one of list) {
    const now = spliced(text, out)
    const at = Math.min(one.at, now.length)
    out.push({ ...one, at, removed: Math.min(one.removed, now.length - at) })
  }
  return out
}

test('two lists of changes crossed give one text', () => {
  const lists = fc.array(rough, { maxLength: 4 })
  fc.assert(
    fc.property(fc.string({ maxLength: 12 }), lists, lists, (text, a, b) => {
      const [ours, theirs] = [fitting(text, a), fitting(text, b)]
      const moved = crossed(ours, theirs)
      expect(spliced(spliced(text, theirs), moved.ours)).toBe(spliced(spliced(text, ours), moved.theirs))
    }),
    { numRuns: 2000 },
  )
})

/** A person with the field of one note open. While an input method composes, the field is left alone. */
class Typist {
  readonly desk: Desk
  readonly id: string
  readonly field: FieldText
  caret: number
  composing = false
  private writing = false

  constructor(at: Desk, id: string) {
    this.desk = at
    this.id = id
    this.field = new FieldText(this.text)
    this.caret = this.text.length
    at.editor.startTextEdit(id)
    at.board.subscribe((change) => {
      if (this.writing || !change.changed.includes(id)) return
      this.field.happened(this.text, change.texts.get(id))
      if (!this.composing) this.catchUp()
    })
  }

  get text(): string {
    return this.desk.editor.textFrame(this.id)?.text ?? ''
  }

  catchUp(): void {
    this.caret = this.field.caughtUp()(this.caret)
  }

  type(letters: string): void {
    const { shown } = this.field
    const value = shown.slice(0, this.caret) + letters + shown.slice(this.caret)
    this.caret += letters.length
    this.change(value)
  }

  backspace(): void {
    const { shown } = this.field
    if (this.caret === 0) return
    this.caret -= 1
    this.change(shown.slice(0, this.caret) + shown.slice(this.caret + 1))
  }

  compose(on: boolean): void {
    if (this.composing && !on) this.catchUp()
    this.composing = on
  }

  private change(value: string): void {
    this.writing = true
    const splices = this.field.typed(value, this.caret)
    this.desk.editor.writeText(
      this.id,
      splices.map((splice) => ({ do: 'splice', splice })),
    )
    this.writing = false
  }
}

function together(start: string): { a: Typist; b: Typist; exchange(): void } {
  const [first, second] = [desk(new Y.Doc()), desk(new Y.Doc())]
  first.editor.setTool('sticky')
  first.click(200, 200)
  first.editor.endTextEdit()
  const [id = ''] = [...first.board.ids()]
  first.editor.setText(id, start)
  first.board.endStep()
  exchange(first.ydoc, second.ydoc)
  return {
    a: new Typist(first, id),
    b: new Typist(second, id),
    exchange: () => exchange(first.ydoc, second.ydoc),
  }
}

type Stroke =
  | { do: 'type' | 'backspace'; who: 'a' | 'b' }
  | { do: 'go'; who: 'a' | 'b'; to: number }
  | { do: 'compose'; who: 'a' | 'b'; on: boolean }
  | { do: 'exchange' }

const who = fc.constantFrom('a' as const, 'b' as const)
const stroke: fc.Arbitrary<Stroke> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant('type' as const), who }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('go' as const), who, to: fc.nat(30) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('compose' as const), who, on: fc.boolean() }) },
  { weight: 4, arbitrary: fc.constant<Stroke>({ do: 'exchange' }) },
)

test('whatever two people type, both have every letter of both, and undo takes back one’s own alone', () => {
  fc.assert(
    fc.property(fc.array(stroke, { maxLength: 40 }), (strokes) => {
      const people = together('aaa')
      const typed = { a: '', b: '' }
      let letter = 0x4e00
      for (const one of strokes) {
        if (one.do === 'exchange') {
          people.exchange()
          continue
        }
        const person = people[one.who]
        if (one.do === 'compose') person.compose(one.on)
        else if (one.do === 'go') person.caret = Math.min(one.to, person.field.shown.length)
        else {
          const made = String.fromCharCode((letter += 1))
          typed[one.who] += made
          person.type(made)
          expect(person.field.shown[person.caret - 1]).toBe(made)
        }
      }
      people.exchange()
      for (const person of [people.a, people.b]) {
        person.compose(false)
        person.catchUp()
        expect(person.field.shown).toBe(people.a.text)
        expect([...person.text].sort().join('')).toBe([...`aaa${typed.a}${typed.b}`].sort().join(''))
      }
      // What A did before, making the note, is not undone.
      while ([...typed.a].some((made) => people.a.text.includes(made))) people.a.desk.editor.undo()
      for (const made of typed.b) expect(people.a.text).toContain(made)
    }),
    { numRuns: 300 },
  )
})

test('a caret between equal letters keeps its letter while another types the same one before it', () => {
  const { a, b, exchange: meet } = together('lll')
  a.caret = 1
  b.caret = 0
  b.type('l')
  meet()
  expect(a.caret).toBe(2)
  a.type('X')
  meet()
  expect(b.text).toBe('llXll')
})

test('a letter that comes while a word is composed stays, wherever it comes', () => {
  const { a, b, exchange: meet } = together('word')
  a.caret = 2
  a.compose(true)
  a.type('k')
  b.caret = 3
  b.type('B')
  meet()
  a.backspace()
  a.type('か')
  expect(a.field.shown).toBe('woかrd')
  a.compose(false)
  expect(a.field.shown).toBe('woかrBd')
  meet()
  expect(b.text).toBe('woかrBd')
})
