/** A tool each, by its letter, and the usual ones by a digit. Shapes without a letter are reached by the picker and the palette. */
import type { Editor, ToolId } from '../editor-api'
import type { ShapeKind } from '../elements/types'
import { SHAPE_KINDS } from '../schema.gen'
import type { Action } from './action'

const take = (tool: ToolId, ...keys: readonly string[]): Action => ({
  group: 'tools',
  ...(keys.length > 0 && { keys }),
  run: (editor: Editor) => editor.setTool(tool),
})

const draw = (tool: ToolId, ...keys: readonly string[]): Action => ({ ...take(tool, ...keys), writes: true })

const SHAPES = Object.fromEntries(
  SHAPE_KINDS.map((kind) => [`tool:${kind}`, draw(kind)]),
) as unknown as Record<`tool:${ShapeKind}`, Action>

export const toolActions = {
  'tool:select': take('select', 'v', '1'),
  'tool:hand': take('hand', 'h'),
  'tool:sticky': draw('sticky', 's', 'n'),
  'tool:text': draw('text', 't', '8'),
  ...SHAPES,
  'tool:rectangle': draw('rectangle', 'r', '2'),
  'tool:ellipse': draw('ellipse', 'o', '4'),
  'tool:diamond': draw('diamond', 'd', '3'),
  'tool:connector': draw('connector', 'c', 'a', '5'),
  'tool:line': draw('line', 'l', '6'),
  'tool:frame': draw('frame', 'f'),
  'tool:pen': draw('pen', 'p', '7'),
  'tool:highlighter': draw('highlighter', 'shift+p'),
  'tool:eraser': draw('eraser', 'e', '0'),
  'tool:laser': take('laser', 'k'),
  keepTool: {
    group: 'tools',
    keys: ['q'],
    writes: true,
    run: (e: Editor) => e.setKeepsTool(!e.state.get().keepsTool),
  },
} satisfies Record<`tool:${ToolId}` | 'keepTool', Action>
