/**
 * The board on screen: two Konva layers with one shape each, which paint all there is. Nothing is a
 * Konva node of its own, nothing listens to Konva's events, and whatever changed in the meantime,
 * each layer is painted at most once in a frame.
 */
import { Konva } from 'konva/lib/Global'
import { Layer } from 'konva/lib/Layer'
import { Shape } from 'konva/lib/Shape'
import { Stage } from 'konva/lib/Stage'
import type { CursorName, Editor, EditorState } from '../core/editor-api'
import type { LivePresence } from '../core/ports'
import type { Theme } from '../core/schema.gen'
import { canvasFont } from '../core/text'
import { BoardPainting } from './board'
import { GlidingCursors } from './cursors'
import { listen } from './input'
import { isOverlayEmpty, paintOverlay } from './overlay'
import { colorsOf } from './pens'
import type { Pictures } from './pictures'

export interface MountedBoard {
  setTheme(theme: Theme): void
  resize(): void
  destroy(): void
  stats(): BoardStats
}

export interface BoardStats {
  /** Times the board itself was painted. */
  readonly paints: number
  readonly lastPaint_ms: number
  readonly overlayPaints: number
  /** Animation frames in which anything was painted. */
  readonly frames: number
}

Konva.autoDrawEnabled = false

const SETTLE_AFTER_MS = 250
/** By now what fades is gone. */
const FADED_AFTER_MS = 1000

export function mountBoard(
  host: HTMLElement,
  editor: Editor,
  presence: LivePresence,
  pictures: Pictures,
  theme: Theme,
): MountedBoard {
  const container = document.createElement('div')
  container.style.position = 'absolute'
  container.style.inset = '0'
  host.append(container)
  // Konva empties its container through `innerHTML`, which the page's policy (trusted types) forbids. It is
  // empty already: a property of its own takes the assignment.
  Object.defineProperty(container, 'innerHTML', { value: '', writable: true })
  const priorTouchAction = host.style.touchAction
  host.style.touchAction = 'none'
  host.dataset['board'] = ''

  const painting = new BoardPainting()
  const motion = matchMedia('(prefers-reduced-motion: reduce)')
  const isStill = () => motion.matches || document.documentElement.dataset['motion'] === 'less'
  const cursors = new GlidingCursors(isStill)
  const stats = { paints: 0, lastPaint_ms: 0, overlayPaints: 0, frames: 0 }
  const stale = { board: true, overlay: true }
  let colors = colorsOf(theme)
  let density = 1
  let frame: number | null = null
  let lastFrame_ms: number | null = null
  let isOverlayHidden = false
  let settling: ReturnType<typeof setTimeout> | undefined
  let seen: EditorState = editor.state.get()

  // Last of all: a stage paints a layer as soon as it is added.
  const stage = new Stage({ container, width: 1, height: 1, listening: false })
  const board = addLayer(stage, paintBoard)
  const overlay = addLayer(stage, paintOver)
  // Each paint of the board covers all of it.
  board.clearBeforeDraw(false)

  function paintBoard(ctx: CanvasRenderingContext2D): void {
    painting.paint(ctx, { editor, colors, pictures, density })
  }

  function paintOver(ctx: CanvasRenderingContext2D): void {
    paintOverlay(ctx, { editor, peers: presence.peers(), cursors, colors, pictures, density })
  }

  function request(layer: 'board' | 'overlay' | 'both'): void {
    if (layer !== 'overlay') stale.board = true
    if (layer !== 'board') stale.overlay = true
    frame ??= requestAnimationFrame(paint)
  }

  function paint(now_ms: number): void {
    frame = null
    editor.tick()
    const elapsed_ms = lastFrame_ms === null ? 16 : Math.min(100, now_ms - lastFrame_ms)
    const gliding = cursors.glide(presence.peers(), elapsed_ms, editor.state.get().camera.zoom)
    stats.frames += 1
    if (stale.board) {
      stale.board = false
      const begun_ms = performance.now()
      board.drawScene()
      stats.paints += 1
      stats.lastPaint_ms = performance.now() - begun_ms
      clearTimeout(settling)
      if (painting.isRough()) settling = setTimeout(settle, SETTLE_AFTER_MS)
    }
    if (stale.overlay || gliding) {
      stale.overlay = false
      drawOverlay()
    }
    tell()
    lastFrame_ms = gliding ? now_ms : null
    if (gliding || editor.state.get().fades) request('overlay')
  }

  /** An empty layer is not shown: the compositor would blend all of it over the board in every frame. */
  function drawOverlay(): void {
    const isEmpty = isOverlayEmpty({ editor, peers: presence.peers() })
    if (isEmpty && isOverlayHidden) return
    overlay.drawScene()
    stats.overlayPaints += 1
    isOverlayHidden = isEmpty
    overlay.getNativeCanvasElement().style.visibility = isEmpty ? 'hidden' : ''
  }

  /** The view has come to rest: all of it is painted once more in one go. */
  function settle(): void {
    painting.forget()
    request('board')
  }

  /** What a test may want to know, as attributes of the host. */
  function tell(): void {
    const state = editor.state.get()
    setData(host, 'elements', editor.scene.size())
    setData(host, 'selected', state.selection.length)
    setData(host, 'tool', state.tool)
    setData(host, 'zoom', Math.round(state.camera.zoom * 1000) / 1000)
    setData(host, 'peers', presence.peers().length)
    setData(host, 'paints', stats.paints)
    setData(host, 'frames', stats.frames)
    const { sharp, coming, broken } = pictures.counts()
    setData(host, 'pictures', `${sharp} ${coming} ${broken}`)
  }

  function follow(): void {
    const state = editor.state.get()
    const boardMoved =
      state.camera !== seen.camera ||
      state.viewport !== seen.viewport ||
      state.editing !== seen.editing ||
      state.naming !== seen.naming
    if (state.cursor !== seen.cursor) host.style.cursor = cssCursor(state.cursor)
    seen = state
    request(boardMoved ? 'both' : 'overlay')
  }

  function resize(): void {
    const w = host.clientWidth
    const h = host.clientHeight
    density = devicePixelRatio || 1
    for (const layer of [board, overlay]) layer.getCanvas().setPixelRatio(density)
    stage.size({ width: Math.max(1, w), height: Math.max(1, h) })
    editor.setViewport(w, h)
    // A canvas of another size is empty until it is painted; waiting for a frame would flash.
    painting.forget()
    stale.board = true
    stale.overlay = true
    if (frame !== null) cancelAnimationFrame(frame)
    paint(performance.now())
  }

  // A page that is not seen has no frames: what fades would stay with the others until it is seen again.
  const whenHidden = () => {
    if (document.hidden) setTimeout(() => editor.tick(), FADED_AFTER_MS)
  }
  document.addEventListener('visibilitychange', whenHidden)

  const observer = new ResizeObserver(resize)
  observer.observe(host)
  const stops = [
    editor.state.subscribe(follow),
    editor.scene.subscribe(() => request('both')),
    editor.preview.subscribe(() => request('overlay')),
    presence.subscribe(() => request('overlay')),
    pictures.subscribe(() => {
      painting.forget()
      request('both')
    }),
    followDensity(resize),
    followFonts(() => {
      painting.forget()
      request('both')
    }),
    listen(host, editor),
  ]
  host.style.cursor = cssCursor(seen.cursor)
  resize()

  return {
    setTheme(next) {
      colors = colorsOf(next)
      request('both')
    },
    resize,
    stats: () => ({ ...stats }),
    destroy() {
      if (frame !== null) cancelAnimationFrame(frame)
      clearTimeout(settling)
      document.removeEventListener('visibilitychange', whenHidden)
      observer.disconnect()
      for (const stop of stops) stop()
      stage.destroy()
      container.remove()
      host.style.touchAction = priorTouchAction
      host.style.cursor = ''
      delete host.dataset['board']
    },
  }
}

function addLayer(stage: Stage, paint: (ctx: CanvasRenderingContext2D) => void): Layer {
  const layer = new Layer({ listening: false })
  // The canvas itself: Konva's wrapper costs a call for each of ours, and lacks some.
  const sceneFunc = () => {
    const ctx = layer.getNativeCanvasElement().getContext('2d')
    if (ctx) paint(ctx)
  }
  layer.add(new Shape({ listening: false, perfectDrawEnabled: false, sceneFunc }))
  stage.add(layer)
  return layer
}

function setData(host: HTMLElement, name: string, value: string | number): void {
  const text = String(value)
  if (host.dataset[name] !== text) host.dataset[name] = text
}

/** Moving the window to another screen, or zooming the page, changes the pixels behind a CSS pixel. */
function followDensity(changed: () => void): () => void {
  let query: MediaQueryList | null = null
  const again = () => {
    query?.removeEventListener('change', again)
    query = matchMedia(`(resolution: ${devicePixelRatio}dppx)`)
    query.addEventListener('change', again)
    changed()
  }
  query = matchMedia(`(resolution: ${devicePixelRatio}dppx)`)
  query.addEventListener('change', again)
  return () => query?.removeEventListener('change', again)
}

/** Text painted before its font is there is in another one. */
function followFonts(changed: () => void): () => void {
  // Bold letters come when somebody has written some: the canvas asks for them by drawing.
  void document.fonts.load(canvasFont(16)).then(changed)
  document.fonts.addEventListener('loadingdone', changed)
  return () => document.fonts.removeEventListener('loadingdone', changed)
}

const TURN_ICON =
  '<svg xmlns="http://www.w3.org/2000/svg" width="24" height="24" fill="none" stroke-linecap="round" stroke-linejoin="round">' +
  '<g stroke="white" stroke-width="4"><path d="M19 12a7 7 0 1 1-2.5-5.4"/><path d="M17 2.5v4.5h-4.5"/></g>' +
  '<g stroke="black" stroke-width="1.8"><path d="M19 12a7 7 0 1 1-2.5-5.4"/><path d="M17 2.5v4.5h-4.5"/></g></svg>'

const ERASER_ICON =
  '<svg xmlns="http://www.w3.org/2000/svg" width="16" height="16" fill="none">' +
  '<circle cx="8" cy="8" r="6" stroke="white" stroke-width="3"/><circle cx="8" cy="8" r="6" stroke="black" stroke-width="1.5"/></svg>'

function cssCursor(name: CursorName): string {
  if (name === 'eraser') return `url("data:image/svg+xml,${encodeURIComponent(ERASER_ICON)}") 8 8, crosshair`
  return name === 'rotate' ? `url("data:image/svg+xml,${encodeURIComponent(TURN_ICON)}") 12 12, grab` : name
}
