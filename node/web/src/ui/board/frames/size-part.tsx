/** The size of the frames that are selected, or of the one that is drawn next. */

import { RectangleHorizontal } from 'lucide-react'
import type { Editor, StyleSummary } from '../../../core/editor-api'
import { FRAME_SIZES, type FrameSize } from '../../../core/frames'
import { Glyph } from '../../parts/glyph'
import { strings } from '../../strings'
import { useStore } from '../../use-store'
import { Choice, Choices, Part } from '../property-part'

const SIZES = Object.keys(FRAME_SIZES) as readonly FrameSize[]

export function FrameSizePart({ editor, summary }: { editor: Editor; summary: StyleSummary }) {
  const chosen = useStore(editor.state, (state) => state.frameSize)
  const words = strings.frames
  if (summary.types.length !== 1 || summary.types[0] !== 'frame') return null
  return (
    <Part label={words.size} testId="prop-frame-size" face={<Glyph icon={RectangleHorizontal} size={20} />}>
      <Choices label={words.size}>
        {SIZES.map((size) => (
          <Choice
            key={size}
            label={words.sizes[size]}
            testId={`frame-size-${size}`}
            chosen={chosen === size}
            onChoose={() => editor.setFrameSize(size)}
          >
            <span className="frame-size">{words.sizes[size]}</span>
          </Choice>
        ))}
      </Choices>
    </Part>
  )
}
