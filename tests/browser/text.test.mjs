// Text on the board: two people in one note, input methods, and what each sees of it.
import assert from 'node:assert/strict'
import { canvas, suite, testId, until } from './harness.mjs'
import { note } from './outside.mjs'

const test = suite()

/** Two people with the text of one note open. */
async function bothIn({ node, openBoard, outside }, text) {
  const board = await node.createBoard('Text')
  const seen = await outside(board)
  seen.write({ n: note(500, 300, text) })
  const pages = [await openBoard(board), await openBoard(board)]
  for (const page of pages) {
    await canvas(page, { elements: 1 })
    await page.mouse.dblclick(600, 400)
    await testId(page, 'text-editor').waitFor()
  }
  return { seen, a: pages[0], b: pages[1] }
}

const words = (seen) => seen.get('n').text
const shown = (page) => testId(page, 'text-editor').inputValue()

test('two people type in one note at once and keep every letter, each caret at its own words', async (world) => {
  const { a, b, seen } = await bothIn(world, 'aaa|bbb')
  await a.keyboard.press('Home')
  await b.keyboard.press('End')
  // Equal letters before the other's caret are the hard case.
  const [first, second] = ['aaaaaaaaaaaaaaaaaaaa', 'bcbcbcbcbcbcbcbcbcbc']
  for (let at = 0; at < first.length; at += 1) {
    await Promise.all([a.keyboard.press(first[at]), b.keyboard.press(second[at])])
  }
  const whole = `${first}aaa|bbb${second}`
  await seen.until('every letter', () => words(seen) === whole)
  for (const page of [a, b]) await until('the field to show it', async () => (await shown(page)) === whole)
  // Undo takes back one's own typing alone, and the other goes on where they were.
  await a.keyboard.press('Escape')
  await a.keyboard.press('Control+z')
  await seen.until('the letters of A to go', () => words(seen) === `aaa|bbb${second}`)
  await b.keyboard.press('x')
  await seen.until('B to go on at the end', () => words(seen) === `aaa|bbb${second}x`)
})

test('a letter from elsewhere neither breaks nor loses a word that is being composed', async (world) => {
  const { a, b, seen } = await bothIn(world, 'word')
  await a.keyboard.press('End')
  const ime = await a.context().newCDPSession(a)
  await ime.send('Input.imeSetComposition', { text: 'ni', selectionStart: 2, selectionEnd: 2 })
  await seen.until('the word in the making', () => words(seen) === 'wordni')
  await b.keyboard.press('Home')
  await b.keyboard.type('my ')
  await seen.until('the other’s letters', () => words(seen) === 'my wordni')
  assert.equal(await shown(a), 'wordni', 'the field is left alone meanwhile')
  await ime.send('Input.imeSetComposition', { text: 'にほ', selectionStart: 2, selectionEnd: 2 })
  await seen.until('the next of the word', () => words(seen) === 'my wordにほ')
  await ime.send('Input.insertText', { text: '日本' })
  await seen.until('the word', () => words(seen) === 'my word日本')
  await until('the field to catch up', async () => (await shown(a)) === 'my word日本')
  await a.keyboard.type('!')
  await seen.until('the caret behind the word', () => words(seen) === 'my word日本!')
})
