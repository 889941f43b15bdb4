/**
 * Pictures on their way to the board: each is shown at once, sent in its turn, and put on the board when the server has it.
 * What cannot be sent for want of a connection waits in this page.
 */
import type { Asset } from '../../../api/assets'
import { ApiError } from '../../../api/problem'
import type { Editor } from '../../../core/editor-api'
import { wholePicture } from '../../../core/elements/image'
import { newImage } from '../../../core/elements/make'
import type { Element, ElementId, Picture } from '../../../core/elements/types'
import { boxCentre, type Box, type Point } from '../../../core/geometry/box'
import { boxesAbout, placedSize } from '../../../core/picture-layout'
import { NO_STYLES } from '../../../core/styling'
import type { Store } from '../../../core/store'
import { createStore } from '../../../core/store'
import { localAsset, type Pictures } from '../../../render/pictures'
import { newElementId } from '../element-id'
import { prepared, type PreparedPicture } from './prepare'

/** More at once are most likely a mistake. */
export const PICTURES_MAX = 50
const AT_ONCE = 2
const BUSY_MS = 3_000
const UNREACHED_MS = 5_000

export type UploadState =
  | { readonly at: 'waiting'; readonly for: 'turn' | 'connection' | 'server' }
  | { readonly at: 'sending'; readonly share: number }
  | { readonly at: 'failed'; readonly failure: unknown }

export interface Upload {
  readonly id: ElementId
  readonly name: string
  readonly box: Box
  readonly state: UploadState
  /** The element whose picture it is to become; null for a new one. */
  readonly replaces: ElementId | null
}

export type SendPicture = (
  file: Blob,
  onProgress: (share: number) => void,
  signal: AbortSignal,
) => Promise<Asset>

/** Which part of it is shown, and how. */
export type PictureLook = Partial<Pick<Picture, 'crop' | 'flipX' | 'flipY'>>

interface Job extends Upload {
  readonly picture: PreparedPicture
  readonly text: string
  readonly look: PictureLook
  state: UploadState
  over: AbortController | null
}

export interface NewUpload {
  readonly name: string
  readonly picture: PreparedPicture
  readonly text?: string
  readonly box?: Box
  readonly look?: PictureLook
}

export class Uploads {
  private readonly editor: Editor
  private readonly pictures: Pictures
  private readonly send: SendPicture
  private jobs: readonly Job[] = []
  private readonly shown = createStore<readonly Upload[]>([])
  private readonly timers = new Set<ReturnType<typeof setTimeout>>()
  private ended = false

  constructor(editor: Editor, pictures: Pictures, send: SendPicture) {
    this.editor = editor
    this.pictures = pictures
    this.send = send
  }

  get all(): Store<readonly Upload[]> {
    return this.shown
  }

  /** Reads the files and puts them about a place on the board, or mid-view. Answers those that are no pictures. */
  async addFiles(files: readonly File[], at?: Point): Promise<readonly File[]> {
    const read = await Promise.all(
      files.slice(0, PICTURES_MAX).map((file) =>
        prepared(file).then(
          (picture) => ({ file, picture }),
          () => ({ file, picture: null }),
        ),
      ),
    )
    this.add(
      read.flatMap(({ file, picture }) => (picture ? [{ name: file.name, picture }] : [])),
      at,
    )
    return read.flatMap(({ file, picture }) => (picture ? [] : [file]))
  }

  add(pictures: readonly NewUpload[], at?: Point): void {
    if (this.ended) return this.discard(pictures)
    const { viewport, camera } = this.editor.state.get()
    const inView = { w: viewport.w / camera.zoom, h: viewport.h / camera.zoom }
    const middle = at ?? this.editor.toWorld({ x: viewport.w / 2, y: viewport.h / 2 })
    const boxes = boxesAbout(
      pictures.map(({ picture }) => placedSize(picture, inView)),
      middle,
    )
    this.begin(
      pictures.flatMap(({ name, picture, text = '', box, look = {} }, i): Job[] => {
        const place = box ?? boxes[i]
        return place
          ? [newJob({ id: newElementId(), name, box: place, replaces: null }, picture, text, look)]
          : []
      }),
    )
  }

  /** The picture comes to stand where another one does, as wide as that. */
  async replace(id: ElementId, file: File): Promise<boolean> {
    const element = this.editor.element(id)
    if (element?.type !== 'image') return false
    const picture = await prepared(file).catch(() => null)
    if (picture === null) return false
    const centre = boxCentre(element.box)
    const scale = Math.sqrt((element.box.w * element.box.h) / (picture.w * picture.h))
    const [w, h] = [picture.w * scale, picture.h * scale]
    const box: Box = { x: centre.x - w / 2, y: centre.y - h / 2, w, h, angle: element.box.angle }
    this.begin([newJob({ id: newElementId(), name: file.name, box, replaces: id }, picture, '', {})])
    return true
  }

  cancel(id: ElementId): void {
    const job = this.jobs.find((one) => one.id === id)
    if (!job) return
    this.jobs = this.jobs.filter((one) => one !== job)
    job.over?.abort()
    this.pictures.drop(localAsset(id))
    this.changed()
    this.pump()
  }

  retry(id: ElementId): void {
    this.turn((job) => job.id === id && job.state.at === 'failed')
  }

  /** There is a connection again. */
  retryWaiting(): void {
    this.turn((job) => job.state.at === 'waiting')
  }

  destroy(): void {
    this.ended = true
    for (const timer of this.timers) clearTimeout(timer)
    for (const job of this.jobs) job.over?.abort()
    this.jobs = []
  }

  private turn(whose: (job: Job) => boolean): void {
    for (const job of this.jobs) if (whose(job)) job.state = { at: 'waiting', for: 'turn' }
    this.changed()
    this.pump()
  }

  private begin(jobs: readonly Job[]): void {
    for (const job of jobs) this.pictures.keep(localAsset(job.id), job.picture.preview)
    this.jobs = [...this.jobs, ...jobs]
    this.changed()
    this.pump()
  }

  private discard(pictures: readonly NewUpload[]): void {
    for (const { picture } of pictures) picture.preview.close()
  }

  private pump(): void {
    let sending = this.jobs.filter((job) => job.state.at === 'sending').length
    for (const job of this.jobs) {
      if (sending >= AT_ONCE || this.ended) return
      if (job.state.at !== 'waiting' || job.state.for !== 'turn') continue
      sending += 1
      void this.run(job)
    }
  }

  private async run(job: Job): Promise<void> {
    const over = new AbortController()
    job.over = over
    this.tell(job, { at: 'sending', share: 0 })
    const onProgress = (share: number) => this.tell(job, { at: 'sending', share })
    try {
      const asset = await this.send(job.picture.file, onProgress, over.signal)
      if (!over.signal.aborted) this.place(job, asset)
    } catch (failure) {
      if (over.signal.aborted) return
      this.fail(job, failure)
    }
    this.pump()
  }

  private place(job: Job, asset: Asset): void {
    // The bitmap goes on standing for the picture, under its own name.
    this.pictures.rename(localAsset(job.id), asset.id)
    this.jobs = this.jobs.filter((one) => one !== job)
    const { w, h } = asset
    const picture = { ...wholePicture(asset.id, { w, h }, asset.blurhash), ...job.look }
    if (job.replaces === null)
      this.editor.placePictures([{ id: job.id, picture, box: job.box, text: job.text }])
    else this.editor.setPicture(job.replaces, picture, job.box)
    this.changed()
  }

  private fail(job: Job, failure: unknown): void {
    const reached = !(failure instanceof ApiError) || failure.silence === null
    const status = failure instanceof ApiError ? failure.status : null
    if (!reached || status === 502 || status === 504) {
      this.tell(job, { at: 'waiting', for: 'connection' })
      this.later(UNREACHED_MS, job)
    } else if (status === 503) {
      this.tell(job, { at: 'waiting', for: 'server' })
      this.later(BUSY_MS, job)
    } else {
      this.tell(job, { at: 'failed', failure })
    }
  }

  private later(ms: number, job: Job): void {
    const timer = setTimeout(() => {
      this.timers.delete(timer)
      this.turn((one) => one === job && one.state.at === 'waiting')
    }, ms)
    this.timers.add(timer)
  }

  private tell(job: Job, state: UploadState): void {
    if (!this.jobs.includes(job)) return
    job.state = state
    this.changed()
  }

  private changed(): void {
    this.shown.set(
      this.jobs.map(({ id, name, box, state, replaces }) => ({ id, name, box, state, replaces })),
    )
    this.editor.setDrafts('uploads', this.jobs.map(draftOf))
  }
}

function newJob(
  upload: Omit<Upload, 'state'>,
  picture: PreparedPicture,
  text: string,
  look: PictureLook,
): Job {
  return { ...upload, picture, text, look, state: { at: 'waiting', for: 'turn' }, over: null }
}

const drafts = new WeakMap<Job, Element>()

/** What everybody sees of it meanwhile: the others without its pixels. */
function draftOf(job: Job): Element {
  let draft = drafts.get(job)
  if (!draft) {
    const picture = { ...wholePicture(localAsset(job.id), job.picture, null), ...job.look }
    draft = newImage({ id: job.id, z: 'a0', styles: NO_STYLES }, picture, job.box)
    drafts.set(job, draft)
  }
  return draft
}
