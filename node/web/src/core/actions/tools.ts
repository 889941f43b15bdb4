/** A tool each. Shapes without a letter are reached by the picker and the palette. */
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
  'tool:select': take('select', 'v'),
  'tool:hand': take('hand', 'h'),
  'tool:sticky': draw('sticky', 's'),
  'tool:text': draw('text', 't'),
  ...SHAPES,
  'tool:rectangle': draw('rectangle', 'r'),
  'tool:ellipse': draw('ellipse', 'o'),
  'tool:diamond': draw('diamond', 'd'),
  'tool:connector': draw('connector', 'c', 'a'),
  'tool:line': draw('line', 'l'),
  'tool:frame': draw('frame', 'f'),
  'tool:pen': draw('pen', 'p'),
  'tool:highlighter': draw('highlighter', 'shift+p'),
  'tool:eraser': draw('eraser', 'e'),
  'tool:laser': take('laser', 'k'),
} satisfies Record<`tool:${ToolId}`, Action>
