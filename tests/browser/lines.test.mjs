// Lines of more than two points: by mouse, keyboard and touch, as others see them, and in the board's preview.
import assert from 'node:assert/strict'
import { byType, canvas, drag, phase, pixel, suite, testId, until } from './harness.mjs'

const test = suite()

async function opened({ node, openBoard, outside }, options) {
  const board = await node.createBoard('Lines')
  const seen = await outside(board)
  const page = await openBoard(board, options)
  return { board, seen, page, ...world(seen) }
}

/** The points of the one line, in the world; the page has not been moved. */
function world(seen) {
  const points = () => {
    const [line] = byType(seen.elements(), 'line')
    if (line === undefined) return ''
    const [x, y, w, h] = line.box
    const { from, via = [], to } = line.data
    return [from, ...via, to].map(([fx, fy]) => `${Math.round(x + fx * w)},${Math.round(y + fy * h)}`).join(' ')
  }
  return { points, goes: (course) => seen.until(`a line through ${course}`, () => points() === course) }
}

const isInk = ([r, g, b, a]) => a > 200 && r + g + b < 300

test('clicks place point after point, seen by another while it grows; Enter ends it, and undo takes it back', async (own) => {
  const { page, board, goes, points } = await opened(own)
  const other = await own.openBoard(board)
  await page.keyboard.press('l')
  for (const at of [[300, 200], [500, 200], [500, 400]]) await page.mouse.click(...at, { delay: 1 })
  await page.mouse.move(800, 405)
  await testId(page, 'placing').waitFor()
  await until('the growing line on the other page', async () => isInk(await pixel(other, [400, 200], 1)) && isInk(await pixel(other, [500, 300], 1)))
  assert.equal(points(), '', 'nothing is stored yet')
  await page.mouse.click(500, 600)
  await page.keyboard.press('Backspace')
  await page.keyboard.press('Enter')
  await goes('300,200 500,200 500,400')
  await testId(page, 'placing').waitFor({ state: 'detached' })
  await until('the line on the other page', async () => isInk(await pixel(other, [500, 300])))
  await canvas(page, { tool: 'select', selected: 1 })
  await page.keyboard.press('Control+z')
  await canvas(other, { elements: 0 })
  await page.keyboard.press('Control+Shift+z')
  await goes('300,200 500,200 500,400')
})

test('a line is bent by its middle, a point is moved and taken away, and an arrow keeps its head', async (own) => {
  const { page, seen, goes } = await opened(own)
  await page.keyboard.press('l')
  await drag(page, [300, 300], [700, 300])
  await goes('300,300 700,300')
  await drag(page, [500, 300], [500, 420])
  await goes('300,300 500,420 700,300')
  await drag(page, [600, 360], [640, 480])
  await goes('300,300 500,420 640,480 700,300')
  await testId(page, 'prop-heads').click()
  await testId(page, 'head-to-arrow').click()
  await seen.until('the arrow', () => byType(seen.elements(), 'line')[0].data.to_head === 'arrow')
  await page.keyboard.press('Escape')
  await page.mouse.click(400, 360)
  await drag(page, [500, 420], [480, 200])
  await goes('300,300 480,200 640,480 700,300')
  await page.mouse.dblclick(640, 480)
  await goes('300,300 480,200 700,300')
  assert.equal(byType(seen.elements(), 'line')[0].data.to_head, 'arrow')
  await page.keyboard.press('Control+z')
  await goes('300,300 480,200 640,480 700,300')
})

test('by touch taps place it, and a double tap or the button ends it', async (own) => {
  const { page, goes } = await opened(own, { viewport: { width: 820, height: 1180 }, hasTouch: true, isMobile: true })
  await testId(page, 'tool-line').tap()
  for (const at of [[200, 300], [400, 300], [400, 500]]) await page.touchscreen.tap(...at)
  await testId(page, 'placing-done').tap()
  await goes('200,300 400,300 400,500')
  await page.keyboard.press('Control+z')
  await canvas(page, { elements: 0 })
  await testId(page, 'tool-line').tap()
  for (const at of [[200, 600], [400, 600], [400, 800], [400, 800]]) await page.touchscreen.tap(...at)
  await goes('200,600 400,600 400,800')
})

test('the server’s preview goes through its points', async (own) => {
  const { page, board, goes } = await opened(own)
  await page.keyboard.press('l')
  for (const at of [[300, 200], [700, 200], [700, 500]]) await page.mouse.click(...at, { delay: 1 })
  await page.keyboard.press('Enter')
  await goes('300,200 700,200 700,500')
  await phase(page, 'saved')
  const answer = await own.node.ask('GET', `/boards/${board}/preview.svg`)
  assert.equal(answer.status, 200)
  const path = /<path d="([^"]*)"/.exec(await answer.text())
  assert.match(path?.[1] ?? '', /^M[\d. ]+L[\d. ]+L[\d. ]+$/)
})
