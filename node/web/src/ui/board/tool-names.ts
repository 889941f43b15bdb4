import type { ToolId } from '../../core/editor-api'
import { strings } from '../strings'

export const toolName = (tool: ToolId): string => strings.actions[`tool:${tool}`]
