// Pictures on the board: put there, seen by others, changed, and what happens when the server does not take one.
import assert from 'node:assert/strict'
import { byType, canvas, drag, out, phase, pixel, suite, testId, until } from './harness.mjs'
import { drop, halves, paste, plain } from './pictures.mjs'

const test = suite()

const near = (a, b, slack = 30) => a.every((n, i) => Math.abs(n - b[i]) <= slack)
const RED = [220, 30, 30]
const BLUE = [30, 60, 220]

const colorAt = (page, at, color, layer) =>
  until(`${color} at ${at}`, async () => near((await pixel(page, at, layer)).slice(0, 3), color))

const images = (seen) => byType(seen.elements(), 'image')
const only = (seen) => seen.until('a picture', () => images(seen).length === 1).then(() => images(seen)[0])

async function two({ node, openBoard, outside }) {
  const board = await node.createBoard('Pictures')
  const seen = await outside(board)
  const page = await openBoard(board)
  const other = await openBoard(board)
  return { board, seen, page, other }
}

test('a picture is dropped at the pointer, and seen by another page', async (world) => {
  const { page, other, seen } = await two(world)
  await drop(page, [640, 400], [{ name: 'halves.png', type: 'image/png', bytes: halves(400, 200) }])
  const image = await only(seen)
  assert.deepEqual(image.box, [440, 300, 400, 200, 0])
  assert.match(image.data.asset, /^ast_[0-9a-z]{26}$/)
  assert.deepEqual([image.data.w, image.data.h, image.data.blurhash.length], [400, 200, 28])
  for (const one of [page, other]) {
    await colorAt(one, [500, 400], RED)
    await colorAt(one, [780, 400], BLUE)
  }
  await canvas(page, { selected: 1 })
  assert.equal(await testId(page, 'upload').count(), 0)
  await page.screenshot({ path: `${out}/images-dropped.png` })
  await page.keyboard.press('Control+z')
  await seen.until('it to be gone', () => images(seen).length === 0)
})
