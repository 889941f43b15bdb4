// Letters typed while one shape or note is selected, by key, input method and clipboard, and where they stay shortcuts.
import assert from 'node:assert/strict'
import { byType, canvas, drag, suite, testId, until } from './harness.mjs'
import { block, note } from './outside.mjs'

const test = suite()

async function opened({ node, openBoard, outside }, elements = {}, options) {
  const board = await node.createBoard('Typing')
  const seen = await outside(board)
  seen.write(elements)
  const page = await openBoard(board, options)
  await canvas(page, { elements: Object.keys(elements).length })
  return { board, seen, page }
}

const FILLED = { a: block(300, 200, 200, 120, { fill: 'blue' }) }
const inShapes = (seen) => byType(seen.elements(), 'shape').map(({ text = '' }) => text).sort()
const focused = (page, id) => until(`the focus on ${id}`, () => page.evaluate((wanted) => document.activeElement?.dataset.testid === wanted, id))

test('a shape that was just drawn is written in by typing; one Escape, and letters pick tools', async (world) => {
  const { page, seen, board } = await opened(world)
  const other = await world.openBoard(board)
  await page.keyboard.press('r')
  await drag(page, [300, 200], [500, 320])
  await canvas(page, { selected: 1 })
  // The first letters are those of tools, of a flip, of keeping the tool and of shapes.
  await page.keyboard.type('Hv q2 ready?')
  await seen.until('the words', () => String(inShapes(seen)) === 'Hv q2 ready?')
  await canvas(other, { elements: 1 })
  await page.keyboard.press('Escape')
  await testId(page, 'text-editor').waitFor({ state: 'detached' })
  await page.keyboard.press('o')
  await canvas(page, { tool: 'ellipse' })
  await drag(page, [600, 200], [760, 320])
  await page.keyboard.type('next')
  await seen.until('both', () => String(inShapes(seen)) === 'Hv q2 ready?,next')
  await page.keyboard.press('Escape')
  // What was written is one step of undo, and what it is written in another.
  await page.keyboard.press('Control+z')
  await seen.until('the word to go', () => String(inShapes(seen)) === ',Hv q2 ready?')
  await page.keyboard.press('Control+z')
  await seen.until('the ellipse to go', () => String(inShapes(seen)) === 'Hv q2 ready?')
  await page.keyboard.press('Control+Shift+z')
  await page.keyboard.press('Control+Shift+z')
  await seen.until('both back', () => String(inShapes(seen)) === 'Hv q2 ready?,next')
})

test('a click on a shape is enough to go on writing in it; its other keys stay what they are', async (world) => {
  const { page, seen } = await opened(world, { a: { ...FILLED.a, text: 'one' } })
  await page.mouse.click(400, 230)
  await focused(page, 'text-waits')
  const x = () => seen.get('a')?.box[0]
  await page.keyboard.press('ArrowRight')
  await page.keyboard.press('Shift+ArrowRight')
  await seen.until('it to be nudged', () => x() === 311)
  await page.keyboard.press('Control+c')
  await page.keyboard.press('Control+v')
  await seen.until('a copy', () => inShapes(seen).length === 2)
  await page.keyboard.press('Delete')
  await seen.until('it to go', () => inShapes(seen).length === 1)
  // Elsewhere than before: it would be a double click.
  await page.mouse.click(460, 290)
  await page.keyboard.press('End')
  await page.keyboard.press('Home')
  await page.keyboard.type('two')
  await seen.until('the words at the end', () => seen.get('a').text === 'onetwo')
  await page.keyboard.press('Escape')
  await page.keyboard.press('Escape')
  await canvas(page, { selected: 0 })
  await page.keyboard.press('3')
  await canvas(page, { tool: 'diamond' })
  await page.keyboard.press('Escape')
  await page.mouse.click(340, 290)
  await page.keyboard.press('3')
  await seen.until('a digit', () => seen.get('a').text === 'onetwo3')
})

test('an input method begins its word on a selected shape', async (world) => {
  const { page, seen } = await opened(world, { ...FILLED, n: note(700, 200, 'と') })
  const ime = await page.context().newCDPSession(page)
  const compose = (text) => ime.send('Input.imeSetComposition', { text, selectionStart: text.length, selectionEnd: text.length })
  for (const [id, at, whole] of [['a', [400, 230], '日本'], ['n', [800, 380], 'と日本']]) {
    await page.mouse.click(...at)
    await focused(page, 'text-waits')
    await compose('n')
    await testId(page, 'text-editor').waitFor()
    await compose('にほ')
    await ime.send('Input.insertText', { text: '日本' })
    await seen.until(`the word in ${id}`, () => seen.get(id).text === whole)
    await page.keyboard.press('Escape')
    await page.keyboard.press('Escape')
  }
})

test('where the focus is elsewhere the first letter is not lost, and fields keep theirs', async (world) => {
  const { page, seen } = await opened(world, FILLED)
  await page.mouse.click(400, 230)
  await testId(page, 'tool-select').focus()
  await page.keyboard.type('word')
  await seen.until('the word', () => seen.get('a').text === 'word')
  await page.keyboard.press('Escape')
  await page.keyboard.press('Escape')
  await page.mouse.click(340, 290)
  await page.keyboard.press('Control+k')
  await testId(page, 'palette-input').fill('')
  await page.keyboard.type('minimap')
  assert.equal(await testId(page, 'palette-input').inputValue(), 'minimap')
  await page.keyboard.press('Escape')
  assert.equal(seen.get('a').text, 'word')
})

test('a point beside a shape makes a copy that is open for writing', async (world) => {
  const { page, seen, board } = await opened(world, { a: { ...FILLED.a, text: 'first' } })
  const other = await world.openBoard(board)
  await page.mouse.click(400, 230)
  await page.mouse.click(522, 260)
  await testId(page, 'text-editor').waitFor()
  await page.keyboard.type('second')
  await seen.until('both', () => String(inShapes(seen)) === 'first,second')
  // On from there, out of the writing.
  await page.mouse.click(822, 260)
  await testId(page, 'text-editor').waitFor()
  await page.keyboard.type('third')
  await seen.until('all', () => String(inShapes(seen)) === 'first,second,third')
  await canvas(other, { elements: 5 })
  await page.keyboard.press('Escape')
  await page.keyboard.press('Control+z')
  await seen.until('the third to go with its words', () => String(inShapes(seen)) === 'first,second')
})

test('a tap selects without a keyboard coming up; a second one writes', async (world) => {
  const { page, seen } = await opened(world, FILLED, { hasTouch: true, isMobile: true })
  await page.touchscreen.tap(400, 230)
  await canvas(page, { selected: 1 })
  await testId(page, 'text-waits').waitFor({ state: 'attached' })
  assert.equal(await page.evaluate(() => document.activeElement?.dataset.testid), 'canvas')
  await page.touchscreen.tap(340, 290)
  await page.touchscreen.tap(340, 290)
  await testId(page, 'text-editor').waitFor()
  await page.keyboard.type('by thumb')
  await seen.until('the words', () => seen.get('a').text === 'by thumb')
})

test('a note placed by a tap is written in at once', async (world) => {
  const { page, seen } = await opened(world, {}, { hasTouch: true, isMobile: true })
  await testId(page, 'tool-sticky').tap()
  await page.touchscreen.tap(400, 300)
  await testId(page, 'text-editor').waitFor()
  await focused(page, 'text-editor')
  await page.keyboard.type('by thumb')
  await seen.until('the words', () => byType(seen.elements(), 'sticky')[0]?.text === 'by thumb')
})

test('who meant a tool by the letter is told once, and takes it back', async (world) => {
  const { page, seen } = await opened(world)
  const again = async (letter, from) => {
    await drag(page, from, [from[0] + 100, from[1] + 80])
    await page.keyboard.press(letter)
    await testId(page, 'text-editor').waitFor()
    await page.mouse.click(1000, 600)
  }
  await page.keyboard.press('r')
  await again('o', [200, 200])
  await testId(page, 'undo-letter').click()
  await seen.until('the letter to go', () => String(inShapes(seen)) === '')
  await page.keyboard.press('r')
  await again('d', [400, 200])
  await seen.until('the letter', () => inShapes(seen).includes('d'))
  assert.equal(await testId(page, 'undo-letter').count(), 0)
})
