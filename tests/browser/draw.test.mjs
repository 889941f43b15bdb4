// One stroke through the whole house: drawn by mouse in one page, seen in another, there after a kill.
import { after, before, test } from 'node:test'
import assert from 'node:assert/strict'
import { byType, drag, launch, openBoard, phase, readBoard, startNode, until } from './harness.mjs'

let browser
before(async () => {
  browser = await launch()
})
after(() => browser.close())

/** Draws one of each kind, by tool and mouse. */
async function drawEach(page) {
  await page.keyboard.press('r')
  await drag(page, [150, 150], [300, 250])
  await page.keyboard.press('o')
  await drag(page, [350, 150], [500, 250])
  await page.keyboard.press('d')
  await drag(page, [550, 150], [700, 250])
  await page.keyboard.press('s')
  await page.mouse.click(250, 420)
  await page.keyboard.type('Hello from a note')
  await page.keyboard.press('Escape')
  await page.keyboard.press('t')
  await page.mouse.click(800, 200)
  await page.keyboard.type('Just words')
  await page.keyboard.press('Escape')
  await page.keyboard.press('p')
  await page.mouse.move(450, 400)
  await page.mouse.down()
  for (let step = 0; step <= 30; step += 1) await page.mouse.move(450 + step * 6, 400 + Math.sin(step / 3) * 40)
  await page.mouse.up()
  await page.keyboard.press('l')
  await drag(page, [750, 350], [950, 480])
  await page.keyboard.press('v')
}

const EACH = { shape: 3, sticky: 1, text: 1, pen: 1, line: 1 }

function countOf(elements) {
  return Object.fromEntries(Object.keys(EACH).map((type) => [type, byType(elements, type).length]))
}

const shown = (page) => page.getAttribute('[data-testid=canvas]', 'data-elements').then(Number)

test('every kind of element is drawn by mouse, seen by another and there after kill -9', async () => {
  const node = await startNode()
  const board = await node.createBoard('One of each')
  const a = await openBoard(browser, node, board)
  const b = await openBoard(browser, node, board)
  await drawEach(a)
  await phase(a, 'saved')
  await until('the other page to show all', async () => (await shown(b)) === 7)
  const before = await readBoard(node, board)
  assert.deepEqual(countOf(before), EACH)
  assert.deepEqual(byType(before, 'shape').map((shape) => shape.kind).sort(), ['diamond', 'ellipse', 'rectangle'])
  assert.equal(byType(before, 'sticky')[0].text, 'Hello from a note')
  assert.equal(byType(before, 'text')[0].text, 'Just words')

  await node.kill()
  await until('the page to say so', async () =>
    ['offline', 'reconnecting'].includes(await a.getAttribute('[data-testid=status]', 'data-phase')),
  )
  await node.start()
  await phase(a, 'saved')
  await phase(b, 'saved')
  assert.deepEqual(await readBoard(node, board), before)
  const c = await openBoard(browser, node, board)
  assert.equal(await shown(c), 7)
  for (const page of [a, b, c]) page.assertClean()
  await node.stop()
})

test('what is deleted offline is gone for everybody on return, and what others drew is there', async () => {
  const node = await startNode()
  const board = await node.createBoard('Offline')
  const a = await openBoard(browser, node, board)
  const b = await openBoard(browser, node, board)
  await drawEach(a)
  await phase(a, 'saved')
  await until('the other page to show all', async () => (await shown(b)) === 7)

  await node.kill()
  await until('offline', async () => (await a.getAttribute('[data-testid=status]', 'data-phase')) !== 'saved')
  await a.mouse.click(825, 415)
  await a.keyboard.press('v')
  // The sticky note has a fill, so a click in its middle takes it.
  await a.mouse.click(250, 480)
  await a.keyboard.press('Delete')
  await until('the deletion', async () => (await shown(a)) === 6)
  const unsaved = await a.getAttribute('[data-testid=status]', 'data-unsaved')
  assert.notEqual(unsaved, '0', 'the page says that something is not saved')
  await b.keyboard.press('r')
  await drag(b, [900, 550], [1000, 650])

  await node.start()
  await phase(a, 'saved')
  await phase(b, 'saved')
  await until('both to agree', async () => (await shown(a)) === 7 && (await shown(b)) === 7)
  const elements = await readBoard(node, board)
  assert.deepEqual(countOf(elements), { ...EACH, shape: 4, sticky: 0 })
  a.assertClean()
  b.assertClean()
  await node.stop()
})

test('offline edits survive a reload of the page and reach the server later', async () => {
  const node = await startNode()
  const board = await node.createBoard('Reload')
  const a = await openBoard(browser, node, board)
  await a.keyboard.press('r')
  await drag(a, [200, 200], [300, 300])
  await phase(a, 'saved')
  await a.evaluate(() => navigator.serviceWorker?.ready.then(() => true))
  await node.kill()
  await a.keyboard.press('o')
  await drag(a, [400, 200], [500, 300])
  await until('the ellipse', async () => (await shown(a)) === 2)
  await until('it to be kept', async () => (await a.getAttribute('[data-testid=status]', 'data-phase')) !== 'saved')
  await a.reload()
  await until('both after the reload', async () => (await shown(a)) === 2)
  await node.start()
  await phase(a, 'saved')
  const elements = await readBoard(node, board)
  assert.deepEqual(byType(elements, 'shape').map((shape) => shape.kind).sort(), ['ellipse', 'rectangle'])
  await node.stop()
})
