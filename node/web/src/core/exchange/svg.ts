/** Elements as an SVG file: what the painter draws, with the same numbers. It stands alone and loads nothing. */
import { blurhashMean } from '../blurhash'
import { fillColor, inkColor, mixOn, strokeColor } from '../colors'
import { frameOf, paintOf } from '../elements'
import type { Heads } from '../elements/heads'
import {
  ARC,
  CLOSE,
  CUBIC,
  LINE,
  MOVE,
  QUAD,
  type Paint,
  type PaintWord,
  type PathOps,
} from '../elements/kind'
import type { Element, ElementId, Picture } from '../elements/types'
import type { Box } from '../geometry/box'
import type { Clip } from '../scene'
import { CANVAS, type Theme } from '../schema.gen'
import { BOLD, ITALIC } from '../text/runs'
import { drawnBounds, type Pictured } from './scope'

export interface SvgOptions {
  readonly theme: Theme
  /** World units around what is drawn. */
  readonly padding: number
  /** Pictures as `data:` addresses, by their asset. Others are areas in their mean colour. */
  readonly files: ReadonlyMap<string, string>
}

/** Empty when there is nothing to draw. */
export function svgOf(drawn: readonly Pictured[], options: SvgOptions): string {
  const { minX, minY, maxX, maxY } = drawnBounds(drawn)
  if (maxX < minX) return ''
  const { padding, theme } = options
  const [x, y] = [n(minX - padding), n(minY - padding)]
  const [w, h] = [n(maxX - minX + 2 * padding), n(maxY - minY + 2 * padding)]
  const cuts = new Cuts()
  const body = drawn.map(({ element, clip }) => cuts.within(clip, svgOfElement(element, options))).join('')
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" width="${w}" height="${h}" viewBox="${x} ${y} ${w} ${h}" fill="none" ` +
    `stroke-linecap="round" stroke-linejoin="round" font-family="Inter, system-ui, sans-serif">` +
    `<rect x="${x}" y="${y}" width="${w}" height="${h}" fill="${CANVAS[theme]}"/>${cuts.defs()}${body}</svg>`
  )
}

/** What of others the frames let be seen, each written down once. */
class Cuts {
  private readonly names = new Map<ElementId, string>()
  private paths = ''

  within(clip: Clip | null, content: string): string {
    if (clip === null || content === '') return content
    const { id, clip: above } = clip.frame
    const name = this.names.get(id) ?? this.add(id, clip.frame.element.box)
    return this.within(above, `<g clip-path="url(#${name})">${content}</g>`)
  }

  defs(): string {
    return this.paths === '' ? '' : `<defs>${this.paths}</defs>`
  }

  private add(id: ElementId, { x, y, w, h, angle }: Box): string {
    const name = `frame-${this.names.size + 1}`
    this.names.set(id, name)
    const turn = angle === 0 ? '' : ` rotate(${n((angle * 180) / Math.PI)} ${n(w / 2)} ${n(h / 2)})`
    this.paths += `<clipPath id="${name}"><rect width="${n(w)}" height="${n(h)}" transform="translate(${n(x)} ${n(y)})${turn}"/></clipPath>`
    return name
  }
}

function svgOfElement(e: Element, options: SvgOptions): string {
  const paint = paintOf(e)
  const b = frameOf(e)
  const content = formOf(paint, b, options, e) + wordsOf(paint, options.theme)
  if (content === '') return ''
  const turn = b.angle === 0 ? '' : ` rotate(${n((b.angle * 180) / Math.PI)} ${n(b.w / 2)} ${n(b.h / 2)})`
  const opacity = e.style.opacity < 1 ? ` opacity="${n(e.style.opacity)}"` : ''
  const mixed = paint.mixes ? ` style="mix-blend-mode:${mixOn(options.theme)}"` : ''
  return `<g transform="translate(${n(b.x)} ${n(b.y)})${turn}"${opacity}${mixed}>${content}</g>`
}

function formOf(paint: Paint, b: Box, options: SvgOptions, e: Element): string {
  const { form } = paint
  const look = lookOf(paint, options.theme)
  const [w, h] = [n(b.w), n(b.h)]
  switch (form.is) {
    case 'rectangle':
      return `<rect width="${w}" height="${h}" rx="${corner(6, b)}"${look}/>`
    case 'ellipse':
      return `<ellipse cx="${n(b.w / 2)}" cy="${n(b.h / 2)}" rx="${n(b.w / 2)}" ry="${n(b.h / 2)}"${look}/>`
    case 'diamond':
      return `<path d="M${n(b.w / 2)} 0L${w} ${n(b.h / 2)}L${n(b.w / 2)} ${h}L0 ${n(b.h / 2)}Z"${look}/>`
    case 'outline':
      return `<path d="${pathOf(form.ops)}"${look}/>`
    case 'path':
      return `<path d="${pathOf(form.ops)}"${look}/>` + headsOf(form.heads ?? null, paint, options.theme)
    case 'ink':
      return `<path d="${pathOf(form.ops)}" fill="${strokeColor(paint.stroke, options.theme) ?? 'none'}"/>`
    case 'note':
      return fillColor(paint.fill, options.theme) === null
        ? ''
        : `<rect y="3" width="${w}" height="${h}" rx="${corner(4, b)}" fill="#000" opacity=".1"/>` +
            `<rect width="${w}" height="${h}" rx="${corner(4, b)}"${look}/>`
    case 'image':
      return imageOf(form.picture, b, options, e)
    case 'placeholder':
      return `<rect width="${w}" height="${h}" rx="${corner(4, b)}"${look}/>`
    case 'sheet': {
      const paper = options.theme === 'light' ? '#ffffff' : '#1e2127'
      return `<rect width="${w}" height="${h}" fill="${fillColor(paint.fill, options.theme) ?? paper}" stroke="${strokeColor(paint.stroke, options.theme) ?? 'none'}"/>`
    }
    case 'none':
      return ''
  }
}

/** Never dashed, as the line may be. */
function headsOf(heads: Heads | null, paint: Paint, theme: Theme): string {
  const color = strokeColor(paint.stroke, theme)
  if (heads === null || color === null) return ''
  const look = ` stroke="${color}" stroke-width="${n(paint.strokeWidth)}"`
  const path = (ops: PathOps, fill: string) =>
    ops.length === 0 ? '' : `<path d="${pathOf(ops)}"${fill}${look}/>`
  return path(heads.strokes, '') + path(heads.fills, ` fill="${color}"`)
}

function imageOf(picture: Picture | null, b: Box, { files, theme }: SvgOptions, e: Element): string {
  const file = picture === null ? undefined : files.get(picture.asset)
  const [w, h] = [n(b.w), n(b.h)]
  if (picture === null || file === undefined) {
    const hash = picture?.blurhash ?? null
    const color = hash === null ? fillColor('grey', theme) : blurhashMean(hash)
    return `<rect width="${w}" height="${h}" fill="${color ?? 'none'}"/>`
  }
  const [x, y, partW, partH] = picture.crop
  const title = e.type === 'image' && e.text !== '' ? `<title>${escaped(e.text)}</title>` : ''
  const [sx, sy] = [picture.flipX ? -1 : 1, picture.flipY ? -1 : 1]
  const mirror = `translate(${picture.flipX ? w : 0} ${picture.flipY ? h : 0}) scale(${sx} ${sy})`
  // A view of its own shows the part and cuts off the rest.
  return (
    `<g transform="${mirror}">${title}<svg width="${w}" height="${h}" viewBox="${n(x * picture.w)} ${n(y * picture.h)} ` +
    `${n(partW * picture.w)} ${n(partH * picture.h)}" preserveAspectRatio="none">` +
    `<image width="${n(picture.w)}" height="${n(picture.h)}" preserveAspectRatio="none" href="${escaped(file)}"/></svg></g>`
  )
}

function wordsOf({ text, fill }: Paint, theme: Theme): string {
  if (text === null) return ''
  const words = text.words.map(
    (word) => `<tspan x="${n(word.x)}" y="${n(word.y)}"${letters(word)}>${escaped(word.text)}</tspan>`,
  )
  const color = inkColor(text.color, fill, theme)
  const rules = text.rules.map(({ x, y, w, h }) => `M${n(x)} ${n(y)}h${n(w)}v${n(h)}h${n(-w)}Z`).join('')
  return (
    `<text font-size="${n(text.fontSize)}" fill="${color}" xml:space="preserve">${words.join(' ')}</text>` +
    (rules === '' ? '' : `<path d="${rules}" fill="${color}"/>`)
  )
}

function letters({ style, rtl }: PaintWord): string {
  return (
    ((style & BOLD) === 0 ? '' : ' font-weight="bold"') +
    ((style & ITALIC) === 0 ? '' : ' font-style="italic"') +
    // `x` is where it starts, at its right. Its direction is its own, whatever signs it begins and ends with.
    (rtl ? ' direction="rtl" unicode-bidi="embed"' : '')
  )
}

function lookOf(paint: Paint, theme: Theme): string {
  const fill = fillColor(paint.fill, theme)
  const stroke = paint.strokeWidth > 0 ? strokeColor(paint.stroke, theme) : null
  const dashes = { solid: null, dashed: [4, 3], dotted: [0, 2.5] }[paint.dash]
  return (
    (fill === null ? '' : ` fill="${fill}"`) +
    (stroke === null ? '' : ` stroke="${stroke}" stroke-width="${n(paint.strokeWidth)}"`) +
    (stroke === null || dashes === null
      ? ''
      : ` stroke-dasharray="${dashes.map((length) => n(length * paint.strokeWidth)).join(' ')}"`)
  )
}

function pathOf(ops: PathOps): string {
  const parts: string[] = []
  const at = (i: number) => n(ops[i] ?? 0)
  const list = (from: number, count: number) =>
    Array.from({ length: count }, (_, k) => at(from + k)).join(' ')
  for (let i = 0; i < ops.length;) {
    switch (ops[i]) {
      case MOVE:
        parts.push(`M${list(i + 1, 2)}`)
        i += 3
        break
      case LINE:
        parts.push(`L${list(i + 1, 2)}`)
        i += 3
        break
      case QUAD:
        parts.push(`Q${list(i + 1, 4)}`)
        i += 5
        break
      case CUBIC:
        parts.push(`C${list(i + 1, 6)}`)
        i += 7
        break
      case ARC:
        parts.push(circle(ops[i + 1] ?? 0, ops[i + 2] ?? 0, ops[i + 3] ?? 0))
        i += 6
        break
      case CLOSE:
        parts.push('Z')
        i += 1
        break
      default:
        return parts.join('')
    }
  }
  return parts.join('')
}

/** The one arc that we draw is a whole circle, begun at its right. */
function circle(x: number, y: number, r: number): string {
  return `A${n(r)} ${n(r)} 0 1 1 ${n(x - r)} ${n(y)}A${n(r)} ${n(r)} 0 1 1 ${n(x + r)} ${n(y)}`
}

function corner(most: number, b: Box): number {
  return n(Math.min(most, Math.min(b.w, b.h) / 4))
}

function n(value: number): number {
  return Math.round(value * 100) / 100 + 0
}

function escaped(text: string): string {
  return (
    text
      // eslint-disable-next-line no-control-regex -- XML has no place for these.
      .replaceAll(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, '')
      .replaceAll('&', '&amp;')
      .replaceAll('<', '&lt;')
      .replaceAll('>', '&gt;')
      .replaceAll('"', '&quot;')
  )
}
