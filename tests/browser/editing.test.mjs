// Snapping, aligning, locking, notes in a row, eraser and laser: by mouse, keyboard and touch, and as others see them.
import assert from 'node:assert/strict'
import { byType, canvas, drag, holding, pixel, suite, take, testId, until } from './harness.mjs'
import { block, note } from './outside.mjs'

const test = suite()

async function opened({ node, openBoard, outside }, elements, options) {
  const board = await node.createBoard('Editing')
  const seen = await outside(board)
  seen.write(elements)
  const page = await openBoard(board, options)
  await canvas(page, { elements: Object.keys(elements).length })
  return { board, seen, page }
}

const boxOf = (seen, id) => seen.get(id)?.box.map((n) => Math.round(n * 100) / 100)
const at = (seen, id, box) => seen.until(`${id} at ${box}`, () => String(boxOf(seen, id)) === String(box))
const isPink = ([r, g, b, a]) => a > 100 && r > 150 && g < 100 && b < 170

const TWO = {
  a: block(200, 200, 100, 100, { z: 'a0' }),
  b: block(500, 450, 80, 60, { z: 'a1', fill: 'red' }),
}

test('a drag snaps to what is in view and shows it; Ctrl and the view menu switch that off, for this person', async (world) => {
  const { page, seen } = await opened(world, TWO)
  await page.mouse.move(540, 480)
  await page.mouse.down()
  await page.mouse.move(300, 480, { steps: 4 })
  await page.mouse.move(244, 480, { steps: 4 })
  await until('the guide', async () => isPink(await pixel(page, [200, 380], 1)))
  await page.mouse.up()
  await at(seen, 'b', [200, 450, 80, 60, 0])
  await until('the guide to go', async () => !isPink(await pixel(page, [200, 380], 1)))
  await page.keyboard.press('Control+z')
  await at(seen, 'b', TWO.b.box)

  await holding(page, 'Control', () => drag(page, [540, 480], [244, 480]))
  await at(seen, 'b', [204, 450, 80, 60, 0])
  await page.keyboard.press('Control+z')
  await at(seen, 'b', TWO.b.box)

  await testId(page, 'zoom-level').click()
  assert.equal(await testId(page, 'snap-elements').getAttribute('aria-checked'), 'true')
  await testId(page, 'snap-elements').click()
  await page.reload()
  await canvas(page, { elements: 2 })
  await testId(page, 'zoom-level').click()
  assert.equal(await testId(page, 'snap-elements').getAttribute('aria-checked'), 'false')
  await page.keyboard.press('Escape')
  await drag(page, [540, 480], [244, 480])
  await at(seen, 'b', [204, 450, 80, 60, 0])
})

test('the selection is aligned, tidied up and flipped by menu and by keys', async (world) => {
  const { page, seen } = await opened(world, TWO)
  await page.keyboard.press('Control+a')
  await testId(page, 'align').click()
  await testId(page, 'align-right').click()
  await at(seen, 'a', [480, 200, 100, 100, 0])
  await page.keyboard.press('Control+z')
  await at(seen, 'a', TWO.a.box)
  await page.keyboard.press('Alt+w')
  await at(seen, 'b', [500, 200, 80, 60, 0])
  await page.keyboard.press('Shift+H')
  await at(seen, 'a', [480, 200, 100, 100, 0])
  await at(seen, 'b', [200, 200, 80, 60, 0])
  await page.mouse.click(510, 250, { button: 'right' })
  await page.getByRole('menuitem', { name: 'Tidy up' }).click()
  await at(seen, 'a', [480, 200, 100, 100, 0])
})

test('what is locked stays where it is until the menu unlocks it', async (world) => {
  const { page, seen } = await opened(world, TWO)
  const locked = (value) => seen.until(`locked: ${value}`, () => seen.get('a').locked === value)
  await page.mouse.click(250, 250)
  await page.keyboard.press('Control+Shift+L')
  await locked(true)
  await testId(page, 'unlock').waitFor()
  await page.keyboard.press('Escape')
  // Elsewhere on it: a double click would write a text.
  await page.mouse.click(220, 270)
  await canvas(page, { selected: 0, elements: 2 })
  await page.mouse.click(250, 250, { button: 'right' })
  await testId(page, 'menu-unlock').click()
  await locked(undefined)
  await drag(page, [250, 250], [350, 260])
  await at(seen, 'a', [300, 210, 100, 100, 0])
})

test('a finger that rests opens the menu for what is locked', async (world) => {
  const { page, seen } = await opened(world, { ...TWO, a: { ...TWO.a, locked: true } }, { hasTouch: true })
  const dev = await page.context().newCDPSession(page)
  await dev.send('Input.dispatchTouchEvent', { type: 'touchStart', touchPoints: [{ x: 250, y: 250 }] })
  await testId(page, 'menu-unlock').waitFor()
  await dev.send('Input.dispatchTouchEvent', { type: 'touchEnd', touchPoints: [] })
  await testId(page, 'menu-unlock').tap()
  await seen.until('it to be unlocked', () => seen.get('a').locked === undefined)
  assert.deepEqual(boxOf(seen, 'a'), TWO.a.box)
})

test('a style is carried over, and a line gets its ends', async (world) => {
  const { page, seen } = await opened(world, TWO)
  await page.mouse.click(540, 480)
  await page.keyboard.press('Control+Alt+c')
  await page.mouse.click(250, 250)
  await page.keyboard.press('Control+Alt+v')
  await seen.until('the fill', () => seen.get('a').fill === 'red')
  await take(page, 'l')
  await drag(page, [700, 200], [900, 300])
  await testId(page, 'prop-heads').click()
  await testId(page, 'head-to-arrow').click()
  await seen.until('the arrow', () => byType(seen.elements(), 'line').some(({ data }) => data.to_head === 'arrow'))
  await page.keyboard.press('Escape')
  await page.keyboard.press('Control+z')
  await seen.until('no arrow', () => byType(seen.elements(), 'line').some(({ data }) => data.to_head === 'none'))
})

test('notes follow each other by Tab and Ctrl-Enter, and a pasted list becomes notes', async (world) => {
  const person = await world.person({ permissions: ['clipboard-read', 'clipboard-write'] })
  const { page, seen } = await opened(world, { n: note(200, 200, 'One', { fill: 'green' }) }, { context: person })
  const notes = () => byType(seen.elements(), 'sticky').map(({ text, fill, box }) => `${text} ${fill} ${box.slice(0, 2)}`).sort()
  const shows = (...wanted) => seen.until(`the notes ${wanted}`, () => String(notes()) === String([...wanted].sort()))
  await page.mouse.dblclick(300, 300)
  await testId(page, 'text-editor').waitFor()
  await page.keyboard.press('Tab')
  await page.keyboard.type('Two')
  await page.keyboard.press('Control+Enter')
  await page.keyboard.type('Three')
  await page.keyboard.press('Escape')
  await shows('One green 200,200', 'Two green 420,200', 'Three green 420,420')
  await page.mouse.click(300, 300)
  await page.keyboard.press('Enter')
  await page.keyboard.type('Four')
  await page.keyboard.press('Escape')
  await shows('One green 200,200', 'Two green 420,200', 'Three green 420,420', 'Four green 200,420')
  await page.evaluate(() => navigator.clipboard.writeText('Five\nSix'))
  await page.keyboard.press('Control+v')
  await seen.until('a note for each line', () => notes().some((one) => one.startsWith('Six')))
  assert.equal(notes().length, 6)
  // Without a note in hand, Tab goes where it always goes.
  await page.keyboard.press('Escape')
  await page.keyboard.press('Tab')
  assert.equal(notes().length, 6)
})

test('the eraser shows others what is about to go, and takes it in one step', async (world) => {
  const { board, page, seen } = await opened(world, TWO)
  const other = await world.openBoard(board)
  await canvas(other, { elements: 2 })
  const [before] = await pixel(other, [250, 220])
  await page.keyboard.press('e')
  await page.mouse.move(150, 250)
  await page.mouse.down()
  await page.mouse.move(350, 250, { steps: 5 })
  await page.mouse.move(540, 480, { steps: 5 })
  await until('it to be faint over there', async () => Math.abs((await pixel(other, [250, 220]))[0] - before) > 8)
  assert.equal(seen.ids().length, 2)
  await page.mouse.up()
  await seen.until('both to go', () => seen.ids().length === 0)
  await page.keyboard.press('Control+z')
  await seen.until('both to be back', () => seen.ids().length === 2)
})

test('the laser is seen by others, fades and leaves nothing', async (world) => {
  const { board, page, seen } = await opened(world, {})
  const other = await world.openBoard(board)
  await canvas(other, { peers: 1 })
  const isRed = ([r, g, b, a]) => a > 100 && r > 150 && g < 110 && b < 110
  await page.keyboard.press('k')
  await page.mouse.move(300, 300)
  await page.mouse.down()
  await page.mouse.move(500, 300, { steps: 4 })
  // Its tip stays lit for as long as it is held.
  await until('the light over there', async () => isRed(await pixel(other, [500, 300], 1)))
  await page.mouse.up()
  await page.mouse.move(700, 600)
  await until('it to fade', async () => !isRed(await pixel(other, [500, 300], 1)))
  assert.equal(seen.ids().length, 0)
  assert.equal(await testId(page, 'undo').isDisabled(), true)
})
