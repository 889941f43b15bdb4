// The board as a list and element by element, for those who read it with their ears.
import assert from 'node:assert/strict'
import { canvas, suite, testId, until } from './harness.mjs'
import { block, note } from './outside.mjs'

const test = suite()

const BOARD = {
  frame: { type: 'frame', box: [100, 100, 500, 400, 0], z: 'a0', text: 'Plan' },
  inside: note(150, 150, 'Ask them first', { parent: 'frame', z: 'a1' }),
  block: block(700, 120, 150, 80, { text: 'Build', z: 'a2' }),
  last: block(700, 400, 150, 80, { kind: 'ellipse', text: 'Ship', z: 'a3' }),
  line: {
    type: 'connector',
    kind: 'straight',
    box: [775, 200, 0, 200, 0],
    z: 'a4',
    text: '',
    data: { from: { element: 'block', at: [0.5, 0.5], mode: 'auto' }, to: { element: 'last', at: [0.5, 0.5], mode: 'auto' } },
  },
}
const READ = ['Frame: Plan', 'Sticky note: Ask them first', 'Rectangle: Build', 'Connector from Build to Ship', 'Ellipse: Ship']

async function opened({ node, openBoard, outside }) {
  const board = await node.createBoard('To be read')
  const seen = await outside(board)
  seen.write(BOARD)
  const page = await openBoard(board)
  await canvas(page, { elements: 5 })
  await testId(page, 'canvas').focus()
  return { page, seen }
}

test('the outline names everything as one reads, follows the board, and leads there', async (world) => {
  const { page, seen } = await opened(world)
  await page.keyboard.press('Alt+o')
  await testId(page, 'outline-panel').waitFor()
  assert.deepEqual(await testId(page, 'outline-row').allTextContents(), READ)
  await testId(page, 'outline-row').nth(1).click()
  await canvas(page, { selected: 1 })
  assert.equal(await testId(page, 'outline-row').nth(1).getAttribute('aria-current'), 'true')
  seen.write({ more: note(100, 900, 'And then', { z: 'a5' }) })
  await until('the new one', async () => (await testId(page, 'outline-row').last().textContent()) === 'Sticky note: And then')
  await page.keyboard.press('Escape')
  await testId(page, 'outline-panel').waitFor({ state: 'detached' })
  assert.equal(await page.evaluate(() => document.activeElement.closest('[data-board]') !== null), true, 'the board has the focus again')
})

test('keys walk from one to the next, and each is said', async (world) => {
  const { page } = await opened(world)
  const said = (text) => until(text, async () => (await testId(page, 'outline-said').textContent()) === text)
  for (const [at, what] of READ.entries()) {
    await page.keyboard.press('Alt+ArrowDown')
    await said(`${what}. ${at + 1} of 5`)
    await canvas(page, { selected: 1 })
  }
  await page.keyboard.press('Alt+ArrowUp')
  await said(`${READ[3]}. 4 of 5`)
})
