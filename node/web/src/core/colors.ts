/** Colours of the document as they are drawn in a theme. */
import { INK_DARK, INK_LIGHT, PALETTE, PALETTE_NAMES, type Swatch, type Theme } from './schema.gen'
import type { Color } from './elements/types'

/** Null for `none`. */
export function strokeColor(color: Color, theme: Theme): string | null {
  return color === 'none' ? null : (swatchOf(color, theme)?.stroke ?? color)
}

/** How ink that leaves what it crosses readable is laid over it. */
export function mixOn(theme: Theme): 'multiply' | 'screen' {
  return theme === 'light' ? 'multiply' : 'screen'
}

export function fillColor(color: Color, theme: Theme): string | null {
  return color === 'none' ? null : (swatchOf(color, theme)?.fill ?? color)
}

/** Letters: their own colour; `black`, as well as none, means what can be read on the fill behind them. */
export function inkColor(color: Color | null, fill: Color, theme: Theme): string {
  if (color !== null && color !== 'none' && color !== 'black') return swatchOf(color, theme)?.stroke ?? color
  if (fill === 'none') return PALETTE[theme].black.stroke
  return swatchOf(fill, theme)?.ink ?? (isLight(fill) ? INK_DARK : INK_LIGHT)
}

function swatchOf(color: Color, theme: Theme): Swatch | undefined {
  const name = PALETTE_NAMES.find((known) => known === color)
  return name && PALETTE[theme][name]
}

/** Brightness of `#rrggbb` as the eye weighs it. */
function isLight(color: string): boolean {
  const channel = (from: number) => Number.parseInt(color.slice(from, from + 2), 16) || 0
  return channel(1) * 299 + channel(3) * 587 + channel(5) * 114 > 140_000
}
