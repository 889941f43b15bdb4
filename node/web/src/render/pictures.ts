/**
 * Pictures as they are painted: each in about the size it has on screen, loaded when it is in view and decoded away from
 * the page's own work. What is kept is bounded; what was painted longest ago goes first.
 */
import { blurhashPixels } from '../core/blurhash'
import type { Picture } from '../core/elements/types'

/** What the server has of a picture: for the page, with sides of at most 2,048 pixels, or all of it. */
export type PictureForm = 'web' | 'full'
export type LoadPicture = (asset: string, form: PictureForm, signal: AbortSignal) => Promise<Blob>

export interface FoundPicture {
  /** The best there is now; its sides are the whole picture's. */
  readonly source: (CanvasImageSource & { readonly width: number; readonly height: number }) | null
  readonly state: 'sharp' | 'coming' | 'broken'
}

/** All decoded pictures together: 4 bytes each. */
const PIXELS_MAX = 48_000_000
const FILE_BYTES_MAX = 32 << 20
const LOADS_MAX = 4
const LEAST_SIDE = 64
/** Larger ones are decoded no farther than this, unless all their pixels leave room for another such picture. */
const MOST_SIDE = 4096
const WEB_SIDE = 2048
/** A picture this many times as large as it is shown is replaced by a smaller one, which is painted faster. */
const TOO_LARGE = 4
/** What is shown already is made sharper when the view has come to rest. */
const REST_MS = 120
const TRIES_MAX = 5
const AGAIN_MS = 2_000
const BLUR_SIDE = 24

interface Held {
  readonly bitmap: ImageBitmap | HTMLCanvasElement
  readonly pixels: number
  used: number
}

interface Entry {
  /** By the length of the longer side. */
  readonly levels: Map<number, Held>
  blur: HTMLCanvasElement | null
  loading: boolean
  tries: number
  broken: boolean
}

export interface PictureCounts {
  readonly sharp: number
  readonly coming: number
  readonly broken: number
}

export class Pictures {
  private readonly load: LoadPicture
  private readonly entries = new Map<string, Entry>()
  private readonly wanted = new Map<string, { picture: Picture; level: number }>()
  private readonly files = new Map<string, Blob>()
  private readonly listeners = new Set<() => void>()
  private readonly over = new AbortController()
  private loads = 0
  private clock = 0
  /** When what is in view began to be painted. */
  private viewBegun = 0
  private pixels = 0
  private rest: ReturnType<typeof setTimeout> | undefined
  private counted = { sharp: 0, coming: 0, broken: 0 }

  constructor(load: LoadPicture) {
    this.load = load
  }

  /** Calls `listener` when a picture would be painted otherwise than before. */
  subscribe(listener: () => void): () => void {
    this.listeners.add(listener)
    return () => this.listeners.delete(listener)
  }

  /** All in view is about to be painted: what was wanted before and is not asked for again is out of view. */
  begin(): void {
    this.wanted.clear()
    this.viewBegun = this.clock
    this.counted = { sharp: 0, coming: 0, broken: 0 }
  }

  /** What was found since `begin`. */
  counts(): PictureCounts {
    return this.counted
  }

  /** For a picture that is painted with a longer side of so many pixels, were it whole. */
  at(picture: Picture, side: number): FoundPicture {
    const entry = this.entryOf(picture.asset)
    const level = levelFor(picture, side)
    const best = bestOf(entry, level)
    this.clock += 1
    if (best) best.held.used = this.clock
    const fits = best !== null && best.level >= level && best.level <= level * TOO_LARGE
    if (!fits && !entry.broken) this.want(picture, level, best !== null)
    const state = fits || isLocal(picture.asset) ? 'sharp' : entry.broken && !best ? 'broken' : 'coming'
    this.counted[state] += 1
    return { source: best?.held.bitmap ?? blurOf(entry, picture), state }
  }

  /** Puts a picture in that was decoded here, before the server has it or to save asking for it. */
  keep(asset: string, bitmap: ImageBitmap): void {
    this.hold(asset, Math.max(bitmap.width, bitmap.height), bitmap)
    this.changed()
  }

  /** What was kept of one stands for another from here on. */
  rename(from: string, to: string): void {
    for (const [level, held] of this.entries.get(from)?.levels ?? []) {
      const { levels } = this.entryOf(to)
      if (levels.has(level)) this.close(held)
      else levels.set(level, held)
    }
    this.entries.delete(from)
    this.changed()
  }

  drop(asset: string): void {
    for (const held of this.entries.get(asset)?.levels.values() ?? []) this.close(held)
    this.entries.delete(asset)
  }

  /** Loads these, so that `at` finds them as large as asked; what does not come is left as it is. */
  async ready(wanted: readonly { readonly picture: Picture; readonly side: number }[]): Promise<void> {
    for (const { picture, side } of wanted) {
      const entry = this.entryOf(picture.asset)
      const level = levelFor(picture, side)
      const best = bestOf(entry, level)
      if (isLocal(picture.asset) || (best !== null && best.level >= level)) continue
      await this.bring(picture, level, entry)
    }
  }

  /** What there is of it now as a `data:` address, with sides of at most so many pixels. */
  dataUrl(asset: string, sideMax: number): string | null {
    const entry = this.entries.get(asset)
    const bitmap = entry && bestOf(entry, sideMax)?.held.bitmap
    if (!bitmap) return null
    const scale = Math.min(1, sideMax / Math.max(bitmap.width, bitmap.height))
    const canvas = document.createElement('canvas')
    canvas.width = Math.max(1, Math.round(bitmap.width * scale))
    canvas.height = Math.max(1, Math.round(bitmap.height * scale))
    canvas.getContext('2d')?.drawImage(bitmap, 0, 0, canvas.width, canvas.height)
    return canvas.toDataURL('image/webp', 0.85)
  }

  isBroken(asset: string): boolean {
    return this.entries.get(asset)?.broken === true
  }

  /** Asks again for what did not come. */
  retry(): void {
    let any = false
    for (const entry of this.entries.values()) {
      if (!entry.broken) continue
      entry.broken = false
      entry.tries = 0
      any = true
    }
    if (any) this.changed()
  }

  destroy(): void {
    this.over.abort()
    clearTimeout(this.rest)
    this.listeners.clear()
    for (const asset of [...this.entries.keys()]) this.drop(asset)
    this.files.clear()
  }

  private want(picture: Picture, level: number, isShown: boolean): void {
    if (isLocal(picture.asset) || this.entryOf(picture.asset).loading) return
    this.wanted.set(picture.asset, { picture, level })
    if (!isShown) return void queueMicrotask(() => this.pump())
    clearTimeout(this.rest)
    this.rest = setTimeout(() => this.pump(), REST_MS)
  }

  private pump(): void {
    for (const [asset, { picture, level }] of this.wanted) {
      if (this.loads >= LOADS_MAX || this.over.signal.aborted) return
      this.wanted.delete(asset)
      const entry = this.entryOf(asset)
      if (entry.loading) continue
      entry.loading = true
      this.loads += 1
      void this.bring(picture, level, entry).finally(() => {
        entry.loading = false
        this.loads -= 1
        if (!this.over.signal.aborted) this.pump()
      })
    }
  }

  private async bring(picture: Picture, level: number, entry: Entry): Promise<void> {
    try {
      const file = await this.fileOf(picture.asset, level > WEB_SIDE ? 'full' : 'web')
      const bitmap = await decoded(file, picture, level)
      if (this.over.signal.aborted) return bitmap.close()
      entry.tries = 0
      entry.broken = false
      this.hold(picture.asset, level, bitmap)
    } catch {
      if (this.over.signal.aborted) return
      entry.broken = true
      entry.tries += 1
      if (entry.tries < TRIES_MAX) setTimeout(() => this.again(entry), AGAIN_MS * 2 ** entry.tries)
    }
    this.changed()
  }

  private again(entry: Entry): void {
    if (!entry.broken || this.over.signal.aborted) return
    entry.broken = false
    this.changed()
  }

  private async fileOf(asset: string, form: PictureForm): Promise<Blob> {
    const key = `${asset}/${form}`
    const known = this.files.get(key)
    this.files.delete(key)
    const file = known ?? (await this.load(asset, form, this.over.signal))
    this.files.set(key, file)
    let bytes = [...this.files.values()].reduce((sum, one) => sum + one.size, 0)
    for (const [oldest, { size }] of this.files) {
      if (bytes <= FILE_BYTES_MAX || oldest === key) break
      this.files.delete(oldest)
      bytes -= size
    }
    return file
  }

  private hold(asset: string, level: number, bitmap: ImageBitmap): void {
    const { levels } = this.entryOf(asset)
    const before = levels.get(level)
    if (before) this.close(before)
    const held: Held = { bitmap, pixels: bitmap.width * bitmap.height, used: ++this.clock }
    levels.set(level, held)
    this.pixels += held.pixels
    if (this.pixels > PIXELS_MAX) this.evict(held)
  }

  /** What was painted longest ago; of what is in view nothing, unless that alone is twice too much. */
  private evict(fresh: Held): void {
    const all = [...this.entries.values()].flatMap(({ levels }) =>
      [...levels].map(([level, held]) => ({ levels, level, held })),
    )
    all.sort((a, b) => a.held.used - b.held.used)
    for (const { levels, level, held } of all) {
      if (this.pixels <= PIXELS_MAX) return
      const inView = held.used > this.viewBegun
      if (held === fresh || (inView && this.pixels <= 2 * PIXELS_MAX)) continue
      levels.delete(level)
      this.close(held)
    }
  }

  private close(held: Held): void {
    this.pixels -= held.pixels
    if (held.bitmap instanceof ImageBitmap) held.bitmap.close()
  }

  private entryOf(asset: string): Entry {
    let entry = this.entries.get(asset)
    if (!entry) {
      entry = { levels: new Map(), blur: null, loading: false, tries: 0, broken: false }
      this.entries.set(asset, entry)
    }
    return entry
  }

  private changed(): void {
    for (const listener of [...this.listeners]) listener()
  }
}

/** Of a file that this page has and the server does not. */
export function localAsset(id: string): string {
  return `local:${id}`
}

function isLocal(asset: string): boolean {
  return asset.startsWith('local:')
}

/** The length of the longer side to decode to. */
function levelFor(picture: Picture, side: number): number {
  const longer = Math.max(picture.w, picture.h)
  const most = picture.w * picture.h <= PIXELS_MAX / 2 ? longer : Math.min(longer, MOST_SIDE)
  let level = LEAST_SIDE
  while (level < side && level < most) level *= 2
  return Math.min(level, most)
}

/** The smallest that is large enough, or else the largest. */
function bestOf(entry: Entry, level: number): { level: number; held: Held } | null {
  let best: { level: number; held: Held } | null = null
  for (const [at, held] of entry.levels) {
    const better = !best || (best.level < level ? at > best.level : at >= level && at < best.level)
    if (better) best = { level: at, held }
  }
  return best
}

async function decoded(file: Blob, picture: Picture, level: number): Promise<ImageBitmap> {
  const scale = level / Math.max(picture.w, picture.h)
  if (scale >= 1) return createImageBitmap(file)
  return createImageBitmap(file, {
    resizeWidth: Math.max(1, Math.round(picture.w * scale)),
    resizeHeight: Math.max(1, Math.round(picture.h * scale)),
    resizeQuality: 'medium',
  })
}

function blurOf(entry: Entry, { blurhash }: Picture): HTMLCanvasElement | null {
  if (entry.blur || blurhash === null) return entry.blur
  const canvas = document.createElement('canvas')
  canvas.width = BLUR_SIDE
  canvas.height = BLUR_SIDE
  const pixels = new ImageData(blurhashPixels(blurhash, BLUR_SIDE, BLUR_SIDE), BLUR_SIDE, BLUR_SIDE)
  canvas.getContext('2d')?.putImageData(pixels, 0, 0)
  entry.blur = canvas
  return canvas
}
