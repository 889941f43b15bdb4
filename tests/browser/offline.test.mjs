// What a browser keeps of a board while the server cannot be reached.
import assert from 'node:assert/strict'
import { byType, canvas, drag, launch, phase, statusOf, suite, testId, until } from './harness.mjs'
import { readBoard } from './outside.mjs'

const test = suite()

async function draw(page, key, x) {
  // A letter would be written in what is selected.
  await page.keyboard.press('Escape')
  await page.keyboard.press(key)
  await drag(page, [x, 200], [x + 100, 300], { steps: 3 })
}

/** Until the page can be loaded without a server. */
const installed = (page) =>
  page.evaluate(async () => {
    await navigator.serviceWorker.ready
    return true
  })

const unsaved = (page, count) => until(`${count} unsaved`, async () => (await statusOf(page)).unsaved === count)

test('offline edits survive two reloads of the page and reach the server later', async ({ node, openBoard }) => {
  const board = await node.createBoard('Reload')
  const a = await openBoard(board)
  await draw(a, 'r', 200)
  await phase(a, 'saved')
  await installed(a)
  await node.kill()
  await phase(a, 'reconnecting', 'offline')
  await draw(a, 'o', 400)
  await canvas(a, { elements: 2 })
  await unsaved(a, 1)
  await a.reload()
  await canvas(a, { elements: 2 })
  await phase(a, 'reconnecting', 'offline')
  await draw(a, 'd', 600)
  await canvas(a, { elements: 3 })
  await a.reload()
  await canvas(a, { elements: 3 })
  await phase(a, 'reconnecting', 'offline')
  assert.ok((await statusOf(a)).unsaved > 0, 'it is still said to be unsaved')
  assert.equal(await testId(a, 'board-title').textContent(), 'Reload', 'a title that is known offline')
  await node.start()
  await phase(a, 'saved')
  const kinds = byType(await readBoard(node, board), 'shape').map((shape) => shape.kind)
  assert.deepEqual(kinds.sort(), ['diamond', 'ellipse', 'rectangle'])
})

test('what is drawn while the server is dead reaches the other browser once it lives again', async (world) => {
  const { node, browser, person, openBoard } = world
  const board = await node.createBoard('Two browsers')
  const other = await launch()
  try {
    const theirs = await person({}, other)
    const a = await openBoard(board)
    const b = await openBoard(board, { context: theirs })
    assert.notEqual(b.context().browser(), browser, 'a browser of its own')
    await draw(a, 'r', 200)
    await canvas(b, { elements: 1 })
    await installed(a)
    await node.kill()
    await a.reload()
    await canvas(a, { elements: 1 })
    await draw(a, 'o', 400)
    await canvas(a, { elements: 2 })
    await unsaved(a, 1)
    await a.reload()
    await canvas(a, { elements: 2 })
    await draw(a, 'd', 600)
    await canvas(a, { elements: 3 })
    await phase(b, 'reconnecting', 'offline')
    await canvas(b, { elements: 1 })
    await node.start()
    await canvas(b, { elements: 3 })
    await phase(a, 'saved')
    await phase(b, 'saved')
    const kinds = byType(await readBoard(node, board), 'shape').map((shape) => shape.kind)
    assert.deepEqual(kinds.sort(), ['diamond', 'ellipse', 'rectangle'])
  } finally {
    await other.close()
  }
})

test('what is deleted offline stays deleted over a reload', async ({ node, openBoard }) => {
  const board = await node.createBoard('Deleted')
  const a = await openBoard(board)
  await draw(a, 'r', 200)
  await draw(a, 'o', 400)
  await phase(a, 'saved')
  await installed(a)
  await node.kill()
  await phase(a, 'reconnecting', 'offline')
  await a.keyboard.press('Delete')
  await canvas(a, { elements: 1 })
  await unsaved(a, 1)
  await a.reload()
  await canvas(a, { elements: 1 })
  await node.start()
  await phase(a, 'saved')
  assert.deepEqual(Object.values(await readBoard(node, board)).map((shape) => shape.kind), ['rectangle'])
})

test('a tab closed offline leaves its work to the next one', async ({ node, person, openBoard, openPage }) => {
  const board = await node.createBoard('Closed')
  const one = await person()
  const a = await openBoard(board, { context: one })
  await draw(a, 'r', 200)
  await phase(a, 'saved')
  await installed(a)
  await node.kill()
  await phase(a, 'reconnecting', 'offline')
  await draw(a, 'o', 400)
  await unsaved(a, 1)
  await a.close()
  const b = await openPage(`/b/${board}`, { context: one })
  await canvas(b, { elements: 2 })
  await node.start()
  await phase(b, 'saved')
  assert.equal(Object.keys(await readBoard(node, board)).length, 2)
})

test('the start page opens without a server, and says what is the matter', async ({ node, openPage }) => {
  const a = await openPage('/')
  await testId(a, 'empty').waitFor()
  await installed(a)
  await node.kill()
  await a.reload()
  await testId(a, 'unreachable').waitFor()
  await node.start()
  await testId(a, 'retry').click()
  await testId(a, 'empty').waitFor()
})
