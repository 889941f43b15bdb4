// One stroke through the whole house: drawn by mouse in one page, seen in another, there after a kill.
import assert from 'node:assert/strict'
import { byType, canvas, drag, phase, statusOf, suite, take, until } from './harness.mjs'
import { readBoard } from './outside.mjs'

const test = suite()

/** Draws one of each kind, by tool and mouse. */
async function drawEach(page) {
  await take(page, 'r')
  await drag(page, [150, 150], [300, 250])
  await take(page, 'o')
  await drag(page, [350, 150], [500, 250])
  await take(page, 'd')
  await drag(page, [550, 150], [700, 250])
  await take(page, 's')
  await page.mouse.click(250, 420)
  await page.keyboard.type('Hello from a note')
  await page.keyboard.press('Escape')
  await take(page, 't')
  await page.mouse.click(800, 200)
  await page.keyboard.type('Just words')
  await page.keyboard.press('Escape')
  await take(page, 'p')
  await page.mouse.move(450, 400)
  await page.mouse.down()
  for (let step = 0; step <= 30; step += 1) await page.mouse.move(450 + step * 6, 400 + Math.sin(step / 3) * 40)
  await page.mouse.up()
  await take(page, 'l')
  await drag(page, [750, 350], [950, 480])
  await take(page, 'v')
}

const EACH = { shape: 3, sticky: 1, text: 1, pen: 1, line: 1 }

function countOf(elements) {
  return Object.fromEntries(Object.keys(EACH).map((type) => [type, byType(elements, type).length]))
}

const notSaved = (page) => until('the page to say so', async () => (await statusOf(page)).phase !== 'saved')

test('every kind of element is drawn by mouse, seen by another and there after kill -9', async ({ node, openBoard }) => {
  const board = await node.createBoard('One of each')
  const a = await openBoard(board)
  const b = await openBoard(board)
  await drawEach(a)
  await phase(a, 'saved')
  await canvas(b, { elements: 7 })
  const before = await readBoard(node, board)
  assert.deepEqual(countOf(before), EACH)
  assert.deepEqual(byType(before, 'shape').map((shape) => shape.kind).sort(), ['diamond', 'ellipse', 'rectangle'])
  assert.equal(byType(before, 'sticky')[0].text, 'Hello from a note')
  assert.equal(byType(before, 'text')[0].text, 'Just words')

  await node.kill()
  await phase(a, 'offline', 'reconnecting')
  await node.start()
  await phase(a, 'saved')
  await phase(b, 'saved')
  assert.deepEqual(await readBoard(node, board), before)
  const c = await openBoard(board)
  await canvas(c, { elements: 7 })
})

test('what is deleted offline is gone for everybody on return, and what others drew is there', async ({ node, openBoard }) => {
  const board = await node.createBoard('Offline')
  const a = await openBoard(board)
  const b = await openBoard(board)
  await drawEach(a)
  await phase(a, 'saved')
  await canvas(b, { elements: 7 })

  await node.kill()
  await notSaved(a)
  // The sticky note has a fill, so a click in its middle takes it.
  await a.mouse.click(250, 480)
  await a.keyboard.press('Delete')
  await canvas(a, { elements: 6 })
  assert.notEqual((await statusOf(a)).unsaved, 0, 'the page says that something is not saved')
  await take(b, 'r')
  await drag(b, [900, 550], [1000, 650])
  await canvas(b, { elements: 8 })

  await node.start()
  await phase(a, 'saved')
  await phase(b, 'saved')
  await canvas(a, { elements: 7 })
  await canvas(b, { elements: 7 })
  assert.deepEqual(countOf(await readBoard(node, board)), { ...EACH, shape: 4, sticky: 0 })
})
