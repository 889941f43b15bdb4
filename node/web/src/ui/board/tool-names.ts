import type { ToolId } from '../../core/editor-api'
import { strings } from '../strings'
import { editorStrings } from './editor-strings'

export const TOOL_NAMES: Readonly<Record<ToolId, string>> = { ...strings.tools, ...editorStrings.tools }
