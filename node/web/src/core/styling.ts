/** What a properties bar shows, and which elements a style goes to. */
import type { ConnectorLook, LineHeads, NextStyles, StyledType, StyleSummary, ToolId } from './editor-api'
import { DEFAULT_STYLE, styleFor, styleKeysOf } from './elements/style'
import type { Element, RouteKind, StyleProps } from './elements/types'
import { hasText } from './elements'
import { formatsOf, linksOf } from './writing/format-elements'
import type { Intent } from './ports'

export const NO_STYLES: NextStyles = {
  shape: {},
  sticky: {},
  text: {},
  pen: {},
  highlighter: {},
  line: {},
  connector: {},
  image: {},
  frame: {},
  group: {},
}

export function drawnBy(tool: ToolId): StyledType | null {
  switch (tool) {
    case 'select':
    case 'hand':
    case 'eraser':
    case 'laser':
      return null
    case 'sticky':
    case 'text':
    case 'pen':
    case 'highlighter':
    case 'line':
    case 'connector':
    case 'frame':
      return tool
    default:
      return 'shape'
  }
}

/** Of no use to someone who may only look. */
export function isWriting(tool: ToolId): boolean {
  return tool === 'eraser' || drawnBy(tool) !== null
}

export function typesOf(elements: readonly Element[]): StyledType[] {
  const types = new Set<StyledType>()
  for (const e of elements) if (e.type !== 'unknown') types.add(e.type)
  return [...types]
}

export function summarise(
  elements: readonly Element[],
  tool: ToolId,
  next: { readonly styles: NextStyles; readonly heads: LineHeads; readonly connector: ConnectorLook },
): StyleSummary {
  const { styles, heads, connector } = next
  const types = typesOf(elements)
  if (elements.length > 0) return summary('selection', types, elements)
  const drawn = drawnBy(tool)
  if (!drawn)
    return { of: 'nothing', types: [], keys: [], values: {}, heads: null, route: null, locked: 'none' }
  const keys = styleKeysOf(drawn)
  const resolved: StyleProps = { ...DEFAULT_STYLE[drawn], ...styles[drawn] }
  return {
    of: 'next',
    types: [drawn],
    keys,
    values: only(keys, resolved),
    heads: headsOfTool(drawn, heads, connector),
    route: drawn === 'connector' ? connector.kind : null,
    locked: 'none',
  }
}

function summary(of: 'selection', types: readonly StyledType[], elements: readonly Element[]): StyleSummary {
  const keys = [...new Set(types.flatMap((type) => styleKeysOf(type)))]
  const agreed = keys.filter((key) => {
    const values = elements.flatMap((e) => (e.type !== 'unknown' && has(e.type, key) ? [e.style[key]] : []))
    return values.every((value) => value === values[0])
  })
  const values: Partial<StyleProps> = {}
  for (const key of agreed) {
    const holder = elements.find((e) => e.type !== 'unknown' && has(e.type, key))
    if (holder) Object.assign(values, only([key], holder.style))
  }
  const locked = elements.filter((e) => e.style.locked).length
  return {
    of,
    types,
    keys,
    values,
    heads: headsOf(elements),
    route: routeOf(elements),
    ...(elements.some((e) => hasText(e) && e.text !== '') && { formats: formatsOf(elements) }),
    links: linksOf(elements),
    locked: locked === 0 ? 'none' : locked === elements.length ? 'all' : 'some',
  }
}

function headsOf(elements: readonly Element[]): Partial<LineHeads> | null {
  const all = elements.flatMap((e) => (e.type === 'line' || e.type === 'connector' ? [e.ends] : []))
  const [first] = all
  if (!first) return null
  return {
    ...(all.every((ends) => ends.from_head === first.from_head) && { from_head: first.from_head }),
    ...(all.every((ends) => ends.to_head === first.to_head) && { to_head: first.to_head }),
  }
}

function headsOfTool(drawn: StyledType, heads: LineHeads, connector: ConnectorLook): LineHeads | null {
  switch (drawn) {
    case 'line':
      return heads
    case 'connector':
      return { from_head: connector.from_head, to_head: connector.to_head }
    default:
      return null
  }
}

function routeOf(elements: readonly Element[]): RouteKind | 'mixed' | null {
  const kinds = elements.flatMap((e) => (e.type === 'connector' ? [e.kind] : []))
  const [first] = kinds
  if (first === undefined) return null
  return kinds.every((kind) => kind === first) ? first : 'mixed'
}

function has(type: StyledType, key: keyof StyleProps): boolean {
  return styleKeysOf(type).includes(key)
}

function only(keys: readonly (keyof StyleProps)[], style: StyleProps): Partial<StyleProps> {
  return Object.fromEntries(keys.map((key) => [key, style[key]]))
}

/** What a properties bar shows of a style. */
export function shownStyle(type: StyledType, style: StyleProps): Partial<StyleProps> {
  return only(styleKeysOf(type), style)
}

export function styleIntents(elements: readonly Element[], patch: Partial<StyleProps>): Intent[] {
  return elements.flatMap((e): Intent[] => {
    if (e.type === 'unknown') return []
    const own = styleFor(e.type, patch)
    return Object.keys(own).length === 0 ? [] : [{ do: 'setStyle', id: e.id, patch: own }]
  })
}

export function withNext(
  styles: NextStyles,
  types: readonly StyledType[],
  patch: Partial<StyleProps>,
): NextStyles {
  const next: Record<StyledType, Partial<StyleProps>> = { ...styles }
  for (const type of types) next[type] = { ...styles[type], ...styleFor(type, patch) }
  return next
}
