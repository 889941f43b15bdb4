/**
 * Keeps a field of the page and a text of the document the same while both change.
 *
 * What the field shows can lag behind the document: in the middle of an input method's word nobody may touch the field.
 * What others did meanwhile is remembered, and what is typed is moved over it.
 */
import { crossed, placeAfterAll, spliceBetween, spliced, spliceEndingAt, type Splice } from './splice'

export class FieldText {
  private missed: readonly Splice[] = []
  /** As the document holds it. */
  private held: string
  /** As the field shows it. */
  shown: string

  constructor(text: string) {
    this.held = text
    this.shown = text
  }

  /** The field now holds `value`: what that changes in the document, one after the other. */
  typed(value: string, caret: number): readonly Splice[] {
    const splice = spliceEndingAt(this.shown, value, caret)
    if (splice === null) return []
    this.shown = value
    const { ours, theirs } = crossed([splice], this.missed)
    this.missed = theirs
    this.held = spliced(this.held, ours)
    return ours
  }

  /** The document now holds `text`; how it came about counts where it is known and leads there. */
  happened(text: string, how: readonly Splice[] | undefined): void {
    const splices =
      how !== undefined && spliced(this.held, how) === text ? how : listOf(spliceBetween(this.held, text))
    this.missed = [...this.missed, ...splices]
    this.held = text
  }

  /** The field shows the text of the document again: where a place in it comes to be. */
  caughtUp(): (place: number) => number {
    const { missed } = this
    this.missed = []
    this.shown = this.held
    return (place) => placeAfterAll(place, missed)
  }
}

function listOf(splice: Splice | null): readonly Splice[] {
  return splice === null ? [] : [splice]
}
