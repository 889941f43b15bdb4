/** The tools, and the one place that holds a tool together with its state. */
import type { ToolId } from '../editor-api'
import { connectorTool } from './connector'
import { drawShapeTool } from './draw-shape'
import { eraserTool } from './eraser'
import { frameTool } from './frame'
import { handTool } from './hand'
import { laserTool } from './laser'
import { lineTool } from './line'
import { highlighterTool, penTool } from './pen'
import { selectTool } from './select'
import { stickyTool } from './sticky'
import { textTool } from './text'
import type { Effect, Shown, Tool, ToolInput, View } from './tool'

/** A tool at work: its state is nobody else's business. */
export interface RunningTool {
  readonly id: ToolId
  step(input: ToolInput, view: View): readonly Effect[]
  shown(): Shown
}

export function startTool(id: ToolId): RunningTool {
  switch (id) {
    case 'select':
      return run(selectTool)
    case 'hand':
      return run(handTool)
    case 'sticky':
      return run(stickyTool)
    case 'text':
      return run(textTool)
    case 'pen':
      return run(penTool)
    case 'highlighter':
      return run(highlighterTool)
    case 'line':
      return run(lineTool)
    case 'connector':
      return run(connectorTool)
    case 'frame':
      return run(frameTool)
    case 'eraser':
      return run(eraserTool)
    case 'laser':
      return run(laserTool)
    default:
      return run(drawShapeTool(id))
  }
}

function run<S>(tool: Tool<S>): RunningTool {
  let state = tool.initial
  return {
    id: tool.id,
    step(input, view) {
      const next = tool.step(state, input, view)
      state = next.state
      return next.effects
    },
    shown: () => tool.show(state),
  }
}
