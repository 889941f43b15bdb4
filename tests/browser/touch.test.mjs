// A board under fingers and pens: Chromium's own touch events, as its input system makes them.
import assert from 'node:assert/strict'
import { canvas, phase, suite, testId, until } from './harness.mjs'
import { block, note } from './outside.mjs'

const test = suite()
const TABLET = { viewport: { width: 820, height: 1180 }, hasTouch: true, isMobile: true }
const PHONE = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true }

async function opened(world, elements, options = TABLET) {
  const board = await world.node.createBoard('Touch')
  const seen = await world.outside(board)
  if (Object.keys(elements).length > 0) seen.write(elements)
  const page = await world.openBoard(board, options)
  await canvas(page, { elements: Object.keys(elements).length })
  return { page, seen, hand: await handOf(page) }
}

/** Fingers and a pen. What is on the glass stays there until it is lifted. */
async function handOf(page) {
  const cdp = await page.context().newCDPSession(page)
  const down = new Map()
  const points = () => [...down].map(([id, point]) => ({ id, force: 0.5, ...point }))
  const send = (type, touchPoints) => cdp.send('Input.dispatchTouchEvent', { type, touchPoints })
  const pen = (type, [x, y], more) =>
    cdp.send('Input.dispatchMouseEvent', { type, x, y, pointerType: 'pen', button: 'left', force: 0.7, ...more })
  return {
    async press(id, [x, y], radius = 8) {
      down.set(id, { x, y, radiusX: radius, radiusY: radius })
      await send('touchStart', points())
    },
    async move(places) {
      for (const [id, [x, y]] of Object.entries(places)) down.set(Number(id), { ...down.get(Number(id)), x, y })
      await send('touchMove', points())
    },
    async lift(id) {
      down.delete(id)
      await send('touchEnd', points())
    },
    async stroke(id, from, to, steps = 5) {
      await this.press(id, from)
      for (let step = 1; step <= steps; step += 1) await this.move({ [id]: along(from, to, step / steps) })
      await this.lift(id)
    },
    penDown: (at) => pen('mousePressed', at, { buttons: 1, clickCount: 1 }),
    penMove: (at) => pen('mouseMoved', at, { buttons: 1 }),
    penUp: (at) => pen('mouseReleased', at, { buttons: 0, clickCount: 1 }),
  }
}

const pens = (seen) => seen.ids().map((id) => seen.get(id)).filter(({ type }) => type === 'pen')

const along = ([x, y], [toX, toY], part) => [x + (toX - x) * part, y + (toY - y) * part]

const zoomOf = (page) => page.$eval('[data-testid=canvas]', (node) => Number(node.dataset.zoom))

/** Where the board lies under the glass: what a tap writes there comes to lie at this place of the board. */
async function placeUnder(page, hand, seen, at) {
  const before = seen.ids()
  await testId(page, 'tool-rectangle').tap()
  await canvas(page, { tool: 'rectangle' })
  await hand.stroke(1, at, [at[0] + 60, at[1] + 60])
  const fresh = () => seen.ids().filter((id) => !before.includes(id))
  await seen.until('a rectangle', () => fresh().length === 1)
  return seen.get(fresh()[0]).box.slice(0, 2)
}

test('one finger draws, two move the board and pinch it, and nothing is drawn meanwhile', async (world) => {
  const { page, seen, hand } = await opened(world, {})
  await testId(page, 'tool-pen').tap()
  await canvas(page, { tool: 'pen' })
  await hand.stroke(1, [200, 300], [400, 420])
  await canvas(page, { elements: 1 })
  await seen.until('the stroke', () => pens(seen).length === 1)
  const [x, y, w, h] = pens(seen)[0].box
  assert.ok(Math.abs(w - 200) < 12 && Math.abs(h - 120) < 12, `${[x, y, w, h]}`)

  await hand.press(1, [300, 500])
  await hand.move({ 1: [310, 500] })
  await hand.press(2, [500, 500])
  await hand.move({ 1: [210, 500], 2: [610, 500] })
  await until('twice as near', async () => Math.abs((await zoomOf(page)) - 2.1) < 0.15)
  await hand.move({ 1: [310, 700], 2: [510, 700] })
  await hand.lift(2)
  await hand.move({ 1: [50, 50] })
  await hand.lift(1)
  await until('as near as before', async () => Math.abs((await zoomOf(page)) - 1.05) < 0.08)
  await canvas(page, { elements: 1 })
  await phase(page, 'saved')
  assert.equal(pens(seen).length, 1, 'the first finger of a pinch drew nothing')
})

test('a finger selects, moves and holds for the menu', async (world) => {
  const { page, seen, hand } = await opened(world, { n: note(200, 300, 'Touch me'), b: block(500, 700, 100, 100, { z: 'a1', fill: 'red' }) })
  await hand.stroke(1, [300, 400], [300, 400], 1)
  await canvas(page, { selected: 1 })
  await hand.stroke(1, [300, 400], [420, 460])
  await seen.until('the note moved', () => Math.abs(seen.get('n').box[0] - 320) < 12)
  await hand.press(1, [550, 750])
  await page.getByRole('menu').waitFor()
  await hand.lift(1)
  await page.getByRole('menuitem', { name: /^Duplicate/ }).tap()
  await canvas(page, { elements: 3 })
})

test('a pen draws while fingers move the board; the hand that holds it means nothing', async (world) => {
  const { page, seen, hand } = await opened(world, {})
  await testId(page, 'tool-pen').tap()
  await canvas(page, { tool: 'pen' })
  // The palm lies down before the pen, and stays.
  await hand.press(7, [500, 900], 60)
  await hand.penDown([200, 300])
  await hand.penMove([300, 350])
  await hand.press(8, [480, 880])
  await hand.move({ 8: [400, 700] })
  await hand.penMove([400, 400])
  await hand.penUp([400, 400])
  await hand.lift(8)
  await hand.lift(7)
  await seen.until('the stroke', () => pens(seen).length === 1)
  await canvas(page, { elements: 1, zoom: 1 })
  const [, , w, h] = pens(seen)[0].box
  assert.ok(Math.abs(w - 200) < 12 && Math.abs(h - 100) < 12, `only the pen drew: ${w} ${h}`)

  // From now on a finger moves the board, with the pen as the tool.
  await hand.stroke(1, [300, 600], [400, 700])
  await hand.penDown([200, 600])
  await hand.penMove([300, 600])
  await hand.penUp([300, 600])
  await seen.until('a second stroke', () => pens(seen).length === 2)
  const lower = pens(seen).map(({ box }) => box).sort((a, b) => a[1] - b[1])[1]
  assert.ok(Math.abs(lower[0] - 100) < 14 && Math.abs(lower[1] - 500) < 14, `the board was moved by 100: ${lower}`)

  // One may have it otherwise.
  await testId(page, 'zoom-level').tap()
  await testId(page, 'fingers').tap()
  await testId(page, 'fingers').waitFor({ state: 'detached' })
  await hand.stroke(1, [200, 800], [300, 850])
  await seen.until('a stroke by finger', () => pens(seen).length === 3)
})

test('a phone shows a board and draws on it', async (world) => {
  const { page, seen, hand } = await opened(world, { n: note(40, 200, 'Small') }, PHONE)
  const inside = async (id) => {
    const box = await testId(page, id).boundingBox()
    assert.ok(box !== null && box.x >= 0 && box.x + box.width <= 390, `${id} is in view: ${JSON.stringify(box)}`)
  }
  for (const id of ['home', 'status', 'me', 'palette-open', 'tool-select', 'undo', 'zoom-level']) await inside(id)
  assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), 390, 'nothing sticks out')
  const before = await placeUnder(page, hand, seen, [200, 500])
  await testId(page, 'tool-hand').tap()
  await canvas(page, { tool: 'hand' })
  await hand.stroke(1, [200, 600], [150, 500])
  const after = await placeUnder(page, hand, seen, [100, 300])
  assert.ok(Math.abs(after[0] - (before[0] - 50)) < 14 && Math.abs(after[1] - (before[1] - 100)) < 14, `${before} ${after}`)
  await testId(page, 'palette-open').tap()
  await testId(page, 'palette-input').fill('fit')
  await page.keyboard.press('Enter')
  await testId(page, 'palette').waitFor({ state: 'detached' })
  await phase(page, 'saved')
})
