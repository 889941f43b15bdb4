/** What of an edit fits into a text: an element holds so much and no more, and the server would cut off the rest. */
import { TEXT_LENGTH_MAX } from '../schema.gen'
import { wholeBefore } from '../text/parts'
import type { TextEdit } from './rich-edit'

export interface Fitting {
  readonly edits: readonly TextEdit[]
  /** How many code units found no room: the last ones of what the edits would have inserted. */
  readonly left: number
  /** Where what was inserted last ends, if something was left; otherwise null. */
  readonly end: number | null
}

/** For a text of this length. After an insertion that does not fit nothing more is inserted. */
export function fitting(edits: readonly TextEdit[], length: number, longest = TEXT_LENGTH_MAX): Fitting {
  const kept: TextEdit[] = []
  let now = length
  let left = 0
  let end: number | null = null
  for (const edit of edits) {
    if (edit.do === 'format' || edit.splice.inserted === '') {
      if (edit.do === 'splice') now -= edit.splice.removed
      if (end === null) kept.push(edit)
      continue
    }
    const { at, removed, inserted } = edit.splice
    if (end !== null) {
      left += inserted.length
      continue
    }
    const room = Math.max(0, longest - (now - removed))
    const fits = room >= inserted.length ? inserted.length : wholeBefore(inserted, room)
    now += fits - removed
    if (fits < inserted.length) {
      left += inserted.length - fits
      end = at + fits
    }
    if (fits > 0 || removed > 0)
      kept.push({ do: 'splice', splice: { ...edit.splice, inserted: inserted.slice(0, fits) } })
  }
  return { edits: kept, left, end }
}
