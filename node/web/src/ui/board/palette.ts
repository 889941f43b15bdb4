/** Colours of the document as the browser takes them. */

import type { PaletteName } from '../../core/schema.gen'
import { PALETTE, PALETTE_NAMES } from '../../core/schema.gen'
import { strings } from '../strings'
import type { Theme } from '../theme'

export { PALETTE_NAMES }
export type ColorUse = 'fill' | 'stroke' | 'ink'

/** A palette name in this theme, or the colour itself; `none` is transparent. */
export function cssColor(color: string, use: ColorUse, theme: Theme): string {
  if (color === 'none') return 'transparent'
  return isPaletteName(color) ? PALETTE[theme][color][use] : color
}

export function colorName(color: string): string {
  return color === 'none' ? strings.properties.none : (strings.colors[color] ?? color)
}

function isPaletteName(color: string): color is PaletteName {
  return (PALETTE_NAMES as readonly string[]).includes(color)
}
