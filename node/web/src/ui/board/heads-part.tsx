/** What the ends of a line look like. */

import { MoveRight } from 'lucide-react'
import type { Editor, StyleSummary } from '../../core/editor-api'
import type { Head } from '../../core/elements/types'
import { HEADS } from '../../core/schema.gen'
import { Glyph } from '../parts/glyph'
import { editorStrings } from './editor-strings'
import { Choice, Choices, Part } from './property-part'

type End = 'from' | 'to'
const ENDS: readonly End[] = ['from', 'to']

export function HeadsPart({ editor, heads }: { editor: Editor; heads: NonNullable<StyleSummary['heads']> }) {
  const words = editorStrings.heads
  return (
    <Part label={words.label} testId="prop-heads" face={<Glyph icon={MoveRight} />}>
      {ENDS.map((end) => (
        <Choices key={end} label={words[end]}>
          {HEADS.map((head) => (
            <Choice
              key={head}
              label={`${words[end]}: ${words[head]}`}
              testId={`head-${end}-${head}`}
              chosen={heads[`${end}_head`] === head}
              onChoose={() => editor.setHeads({ [`${end}_head`]: head })}
            >
              <HeadSample end={end} head={head} />
            </Choice>
          ))}
        </Choices>
      ))}
    </Part>
  )
}

/** Half a line with its end to the left or to the right. */
function HeadSample({ end, head }: { end: End; head: Head }) {
  return (
    <svg width="24" height="16" viewBox="0 0 24 16" aria-hidden="true">
      <g
        transform={end === 'from' ? 'matrix(-1 0 0 1 24 0)' : undefined}
        fill="none"
        stroke="currentColor"
        strokeWidth="1.75"
        strokeLinecap="round"
        strokeLinejoin="round"
      >
        <path d="M3 8h18" />
        {head === 'arrow' && <path d="M16 3l5 5-5 5" />}
      </g>
    </svg>
  )
}
