// Finding one's way on a board: palette, find, map, zoom, following somebody.
import assert from 'node:assert/strict'
import { block, note } from './outside.mjs'
import { canvas, phase, suite, testId, until } from './harness.mjs'

const test = suite()

/** A board with these elements, open. */
async function opened(world, elements, options) {
  const board = await world.node.createBoard('Ways')
  const seen = await world.outside(board)
  if (Object.keys(elements).length > 0) seen.write(elements)
  const page = await world.openBoard(board, options)
  await canvas(page, { elements: Object.keys(elements).length })
  return { page, seen, board }
}

/** Where a world rectangle's middle stands on the screen is told by the marks; the view by what is under it. */
const middleOf = async (page, id) => {
  const box = await testId(page, id).boundingBox()
  return [Math.round(box.x + box.width / 2), Math.round(box.y + box.height / 2)]
}

const near = (actual, wanted, slack) => Math.abs(actual - wanted) <= slack

test('the palette does what is typed, by keyboard and by mouse, and knows what was used lately', async (world) => {
  const { page } = await opened(world, { n: note(300, 200, 'Budget for spring') })
  const ask = async (letters) => {
    await page.keyboard.press('Control+k')
    await testId(page, 'palette-input').waitFor()
    await page.keyboard.type(letters)
  }
  const first = () => testId(page, 'palette-option').first()
  await ask('ellip')
  await until('the ellipse first', async () => (await first().textContent()).startsWith('Ellipse'))
  await page.keyboard.press('Enter')
  await testId(page, 'palette').waitFor({ state: 'detached' })
  await canvas(page, { tool: 'ellipse' })
  // A shape that has no letter of its own.
  await ask('cylinder')
  await until('the cylinder first', async () => (await first().textContent()).startsWith('Cylinder'))
  await first().click()
  await canvas(page, { tool: 'cylinder' })
  await page.keyboard.press('Control+k')
  await until('what was used lately', async () => {
    const two = await testId(page, 'palette-option').allTextContents()
    return two[0].startsWith('Cylinder') && two[1].startsWith('Ellipse')
  })
  await page.keyboard.type('budget')
  await until('the place', async () => (await first().textContent()).startsWith('Budget for spring'))
  await page.keyboard.press('Enter')
  await canvas(page, { selected: 1 })
  await ask('duplic')
  await page.keyboard.press('Enter')
  await canvas(page, { elements: 2 })
  await ask('qqqq')
  await until('nothing found', async () => (await testId(page, 'palette').textContent()).includes('Nothing of that name'))
  await page.keyboard.press('Escape')
  await testId(page, 'palette').waitFor({ state: 'detached' })
  await page.keyboard.press('v')
  await canvas(page, { tool: 'select' })
})

test('find counts what has the words, goes from one to the next and stays in step with the board', async (world) => {
  const { page, seen } = await opened(world, {
    a: note(200, 200, 'Café in the morning'),
    b: block(4000, 200, 160, 80, { text: 'another cafe', z: 'a1' }),
    c: note(200, 5000, 'Tea', { z: 'a2' }),
    d: note(3000, 5000, 'CAFÉ again', { z: 'a3' }),
  })
  const says = (words) => until(words, async () => (await testId(page, 'find-count').textContent()) === words)
  const marks = (id) => until(`the mark of ${id}`, async () => (await testId(page, 'find-mark-current').getAttribute('data-id')) === id)
  await page.keyboard.press('Control+f')
  await testId(page, 'find-field').waitFor()
  await page.keyboard.type('cafe')
  await says('3 results')
  for (const [at, id] of [['1 of 3', 'a'], ['2 of 3', 'b'], ['3 of 3', 'd'], ['1 of 3', 'a']]) {
    await page.keyboard.press('Enter')
    await says(at)
    await marks(id)
    const [x, y] = await middleOf(page, 'find-mark-current')
    assert.ok(near(x, 640, 2) && near(y, 400, 2), `${id} is in the middle of the view: ${x}, ${y}`)
  }
  await page.keyboard.press('Shift+Enter')
  await says('3 of 3')
  await testId(page, 'find-previous').click()
  await says('2 of 3')
  seen.write({ e: note(900, 900, 'cafe, new', { z: 'a4' }) })
  await until('one more', async () => (await testId(page, 'find-count').textContent()).endsWith('of 4'))
  await testId(page, 'find-field').focus()
  await page.keyboard.press('Escape')
  await testId(page, 'find').waitFor({ state: 'detached' })
  await canvas(page, { selected: 1 })
  // The keys are the board's again.
  await page.keyboard.press('Escape')
  await canvas(page, { selected: 0 })
  await page.keyboard.press('r')
  await canvas(page, { tool: 'rectangle' })
})

test('the map shows where the view is, and moves it', async (world) => {
  const { page } = await opened(world, { a: block(0, 0, 400, 300), b: block(6000, 4000, 400, 300, { z: 'a1' }) })
  await page.keyboard.press('m')
  const map = testId(page, 'minimap')
  await map.waitFor()
  const before = await testId(page, 'minimap-view').boundingBox()
  const box = await map.boundingBox()
  const drawn = await map.evaluate((node) => {
    const canvas = node.querySelector('canvas')
    return canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data.some((value) => value > 0)
  })
  assert.ok(drawn, 'the elements are on it')
  await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2)
  await page.mouse.down()
  await page.mouse.move(box.x + box.width - 14, box.y + box.height - 14, { steps: 4 })
  await page.mouse.up()
  const view = await testId(page, 'minimap-view').boundingBox()
  assert.ok(view.x > before.x + 40 && view.y > before.y + 20, 'what is in view has moved')
  assert.ok(near(view.x + view.width / 2, box.x + box.width - 14, 2), 'to where the pointer is')
  await map.focus()
  await page.keyboard.press('ArrowLeft')
  await until('the arrow', async () => (await testId(page, 'minimap-view').boundingBox()).x < view.x)
  await page.reload()
  await phase(page, 'saved')
  await testId(page, 'minimap').waitFor()
  await page.keyboard.press('m')
  await testId(page, 'minimap').waitFor({ state: 'detached' })
})

test('the zoom is typed, within what there is', async (world) => {
  const { page } = await opened(world, { a: block(100, 100, 400, 300) })
  for (const [typed, zoom] of [['250', 2.5], ['33 %', 0.33], ['9999', 8], ['1', 0.05], ['12,5', 0.125]]) {
    await testId(page, 'zoom-level').click()
    await testId(page, 'zoom-field').waitFor()
    await page.keyboard.type(typed)
    await page.keyboard.press('Enter')
    await testId(page, 'zoom-field').waitFor({ state: 'detached' })
    await canvas(page, { zoom })
  }
  await testId(page, 'zoom-level').click()
  await testId(page, 'zoom-fit').click()
  await canvas(page, { zoom: 1 })
})
