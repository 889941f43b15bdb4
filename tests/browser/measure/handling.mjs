/** What is done to an editor while it is measured: by wheel, pointer and keys, as a person would. */
import { drive } from './trace.mjs'

const LASTS_MS = 5_000
const CTRL = 2
const ZOOM_RANGE = [0.12, 1.4]
/** How far the wheel turns for one step of zooming; a fast turn of a trackpad. */
const ZOOM_STEP = 3.4
/** The board's origin on the screen, clear of every editor's bars, and how close the board is while much of it is dragged. */
const CORNER = { x: 70, y: 90 }
const DRAG_ZOOM = 0.38
/** Column and row of something filled. */
const HELD = { x: 11 * 110 + 47, y: 8 * 100 + 35 }
const TYPED = 'the quick brown fox jumps over the lazy dog, and over the fence as well; '

export const wheel = (browser, page, turn) =>
  drive(browser, page, LASTS_MS, (dev, n) => dev.send('Input.dispatchMouseEvent', { type: 'mouseWheel', x: 640, y: 400, ...turn(n) }))

/** There and back, so that the view stays on the board. */
export const panning = (dx, dy) => (n) => {
  const way = Math.floor(n / 90) % 2 === 0 ? 1 : -1
  return { deltaX: dx * way, deltaY: dy * way }
}

/** From 140 % to 12 % and back again; each editor has its own step, so the view is asked now and then where it is. */
export async function zooming(browser, page, editor) {
  await turnTo(page, editor, ZOOM_RANGE[1])
  let way = 1
  let asking = false
  return wheel(browser, page, (n) => {
    if (n % 6 === 0 && !asking) {
      asking = true
      void editor.zoomOf(page).then((zoom) => {
        asking = false
        if (zoom <= ZOOM_RANGE[0]) way = -1
        if (zoom >= ZOOM_RANGE[1]) way = 1
      })
    }
    return { deltaX: 0, deltaY: way * ZOOM_STEP, modifiers: CTRL }
  })
}

/** About 500 elements, taken with the marquee and carried around in circles. */
export async function dragging(browser, page, editor, board) {
  await editor.toCorner(page, CORNER, DRAG_ZOOM, board)
  await page.keyboard.press(editor.keys.select)
  await press(page, CORNER.x - 8, CORNER.y - 8)
  await page.mouse.move(640, 400, { steps: 4 })
  await page.mouse.move(1262, 782, { steps: 4 })
  await page.mouse.up()
  const selected = await editor.selectedIn(page)
  if (selected < 400 || selected > 620) throw new Error(`${selected} of about 500 are selected in ${editor.name}`)
  const held = { x: CORNER.x + HELD.x * DRAG_ZOOM, y: CORNER.y + HELD.y * DRAG_ZOOM }
  await press(page, held.x, held.y)
  const circle = (turns) => ({ x: held.x + 90 * Math.sin(turns * 2 * Math.PI), y: held.y + 90 * (1 - Math.cos(turns * 2 * Math.PI)) })
  const figures = await drive(browser, page, LASTS_MS, (dev, n) => move(dev, circle(n / 90)))
  await page.mouse.move(held.x, held.y)
  await page.mouse.up()
  return { selected, ...figures }
}

/** Strokes across the board, each a second long. */
export async function drawing(browser, page, editor) {
  await editor.start(page)
  await page.keyboard.press(editor.keys.pen)
  await page.mouse.move(300, 400)
  const at = (n) => ({ x: 300 + (n % 60) * 10, y: 400 + 120 * Math.sin(n / 5) })
  const figures = await drive(browser, page, LASTS_MS, (dev, n) => {
    const button = { button: 'left', clickCount: 1, ...at(n) }
    if (n % 60 === 0) return dev.send('Input.dispatchMouseEvent', { type: 'mousePressed', ...button })
    if (n % 60 === 59) return dev.send('Input.dispatchMouseEvent', { type: 'mouseReleased', ...button })
    return move(dev, at(n))
  })
  await page.mouse.up()
  await page.keyboard.press('Escape')
  return figures
}

/** Twenty keys a second into a new note. */
export async function typing(browser, page, editor) {
  await editor.start(page)
  await editor.write(page)
  return drive(
    browser,
    page,
    LASTS_MS,
    (dev, n) => {
      const key = TYPED[n % TYPED.length]
      return dev.send('Input.dispatchKeyEvent', { type: 'keyDown', text: key, key }).then(() => dev.send('Input.dispatchKeyEvent', { type: 'keyUp', key }))
    },
    50,
  )
}

async function press(page, x, y) {
  await page.mouse.move(x, y)
  await page.mouse.down()
}

const move = (dev, at) => dev.send('Input.dispatchMouseEvent', { type: 'mouseMoved', button: 'left', buttons: 1, ...at })

/** Turns the wheel with Ctrl at a place until the zoom is about right. */
export async function turnTo(page, editor, zoom, at = { x: 640, y: 400 }, tolerance = 0.04) {
  const dev = await page.context().newCDPSession(page)
  for (let n = 0; n < 400; n += 1) {
    const now = await editor.zoomOf(page)
    if (Math.abs(now / zoom - 1) < tolerance) break
    const far = Math.min(1, Math.abs(Math.log(now / zoom)) * 4)
    await dev.send('Input.dispatchMouseEvent', { type: 'mouseWheel', ...at, deltaX: 0, deltaY: (now > zoom ? 1 : -1) * Math.max(1, 20 * far), modifiers: CTRL })
  }
  await dev.detach()
}
