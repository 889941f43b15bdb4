/** What the ends of a line or a connector look like. */

import { MoveRight } from 'lucide-react'
import type { Editor, StyleSummary } from '../../core/editor-api'
import { headsAt } from '../../core/elements/heads'
import type { Head } from '../../core/elements/types'
import { HEADS } from '../../core/schema.gen'
import { Glyph } from '../parts/glyph'
import { connectorWords } from '../strings/connectors'
import { editorStrings } from './editor-strings'
import { Choice, Choices, Part } from './property-part'
import { svgOf } from './svg-path'

type End = 'from' | 'to'
const ENDS: readonly End[] = ['from', 'to']

export function HeadsPart({ editor, heads }: { editor: Editor; heads: NonNullable<StyleSummary['heads']> }) {
  const words = editorStrings.heads
  return (
    <Part label={words.label} testId="prop-heads" face={<Glyph icon={MoveRight} />}>
      {ENDS.map((end) => (
        <Choices key={end} label={words[end]} rows="sevens">
          {HEADS.map((head) => (
            <Choice
              key={head}
              label={`${words[end]}: ${connectorWords.heads[head]}`}
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

const WIDTH = 26
const MIDDLE = 8

/** Half a line with its end to the left or to the right. */
function HeadSample({ end, head }: { end: End; head: Head }) {
  const tip = { x: WIDTH - 2, y: MIDDLE }
  const tail = { x: 2, y: MIDDLE }
  const { ends, heads } = headsAt(
    [
      { at: tip, next: tail, head, room: 15 },
      { at: tail, next: tip, head: 'none', room: 15 },
    ],
    1,
  )
  return (
    <svg width={WIDTH} height="16" viewBox={`0 0 ${WIDTH} 16`} aria-hidden="true">
      <g
        transform={end === 'from' ? `matrix(-1 0 0 1 ${WIDTH} 0)` : undefined}
        fill="none"
        stroke="currentColor"
        strokeWidth="1.5"
        strokeLinecap="round"
        strokeLinejoin="round"
      >
        <path d={`M${tail.x} ${MIDDLE}H${ends[0].x}`} />
        {heads && <path d={svgOf(heads.strokes)} />}
        {heads && <path d={svgOf(heads.fills)} fill="currentColor" />}
      </g>
    </svg>
  )
}
