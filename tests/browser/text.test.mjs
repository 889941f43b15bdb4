// Text on the board: two people in one note, input methods, and what each sees of it.
import assert from 'node:assert/strict'
import { canvas, holding, suite, testId, until } from './harness.mjs'
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
const shown = (page) => testId(page, 'text-editor').textContent()

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
  await ime.send('Input.imeSetComposition', {
    text: 'ni',
    selectionStart: 2,
    selectionEnd: 2,
  })
  await seen.until('the word in the making', () => words(seen) === 'wordni')
  await b.keyboard.press('Home')
  await b.keyboard.type('my ')
  await seen.until('the other’s letters', () => words(seen) === 'my wordni')
  assert.equal(await shown(a), 'wordni', 'the field is left alone meanwhile')
  await ime.send('Input.imeSetComposition', {
    text: 'にほ',
    selectionStart: 2,
    selectionEnd: 2,
  })
  await seen.until('the next of the word', () => words(seen) === 'my wordにほ')
  await ime.send('Input.insertText', { text: '日本' })
  await seen.until('the word', () => words(seen) === 'my word日本')
  await until('the field to catch up', async () => (await shown(a)) === 'my word日本')
  await a.keyboard.type('!')
  await seen.until('the caret behind the word', () => words(seen) === 'my word日本!')
})

/** One note opened for writing. */
async function writing({ node, openBoard, outside, person }, text, more = {}) {
  const board = await node.createBoard('Formats')
  const seen = await outside(board)
  seen.write({ n: note(500, 300, text, more) })
  const context = await person({
    permissions: ['clipboard-read', 'clipboard-write'],
  })
  const page = await openBoard(board, { context })
  await canvas(page, { elements: 1 })
  await page.mouse.dblclick(600, 400)
  await testId(page, 'text-editor').waitFor()
  return { board, seen, page }
}

/** The text with its formats, as `word[bold italic]`. */
const formats = (seen) =>
  seen
    .delta('n')
    .map(({ insert, attributes = {} }) => {
      const names = Object.entries(attributes).map(([name, value]) => (value === true ? name : `${name}:${value}`))
      return names.length === 0 ? insert : `${insert}[${names.sort().join(' ')}]`
    })
    .join('')
const reads = (seen, wanted) => seen.until(`it to read ${wanted}`, () => formats(seen) === wanted)

test('letters are made bold, italic, underlined and struck by keys and by buttons, and undone', async (world) => {
  const { page, seen } = await writing(world, 'plain ')
  await page.keyboard.press('Control+b')
  await page.keyboard.type('bold')
  await page.keyboard.press('Control+b')
  await page.keyboard.type(' on')
  await reads(seen, 'plain bold[bold] on')
  assert.equal(await testId(page, 'format-bold').getAttribute('aria-pressed'), 'false')
  await page.keyboard.press('Control+a')
  await testId(page, 'format-italic').click()
  await reads(seen, 'plain [italic]bold[bold italic] on[italic]')
  assert.equal(await testId(page, 'format-italic').getAttribute('aria-pressed'), 'true')
  await page.keyboard.press('Control+u')
  await page.keyboard.press('Control+Shift+x')
  await reads(seen, 'plain [italic strike underline]bold[bold italic strike underline] on[italic strike underline]')
  await page.keyboard.press('Control+z')
  await seen.until('a step back', () => !formats(seen).includes('strike'))
  await page.keyboard.press('Control+y')
  await seen.until('and forth', () => formats(seen).includes('strike'))
  await page.keyboard.press('Escape')
  // The whole text of what is selected.
  await testId(page, 'format-bold').click()
  await reads(seen, 'plain bold on[bold italic strike underline]')
})

test('a sign and a space begin a list, Enter goes on with it, and an empty item or Backspace ends it', async (world) => {
  const { page, seen } = await writing(world, 'Milk')
  await page.keyboard.press('Home')
  await page.keyboard.type('- ')
  await reads(seen, 'Milk[list:bullet]')
  await page.keyboard.press('End')
  await page.keyboard.press('Enter')
  await page.keyboard.type('Eggs')
  await reads(seen, 'Milk\nEggs[list:bullet]')
  await page.keyboard.press('Enter')
  await page.keyboard.press('Enter')
  await page.keyboard.type('after')
  await reads(seen, 'Milk\nEggs[list:bullet]\nafter')
  await page.keyboard.press('Enter')
  await page.keyboard.type('1. one')
  await reads(seen, 'Milk\nEggs[list:bullet]\nafter\none[list:number]')
  await page.keyboard.press('Home')
  await page.keyboard.press('Backspace')
  await reads(seen, 'Milk\nEggs[list:bullet]\nafter\none')
  assert.deepEqual(await page.$$eval('.text-line', (lines) => lines.map((line) => line.dataset.marker ?? '')), ['•', '•', '', ''])
})

test('a link is set by Ctrl-K, shown by a button, and opened by Ctrl and a click in a page that knows nothing of this one', async (world) => {
  const { page, seen, board } = await writing(world, 'see here now')
  await page.keyboard.press('Home')
  for (let at = 0; at < 4; at += 1) await page.keyboard.press('ArrowRight')
  for (let at = 0; at < 4; at += 1) await page.keyboard.press('Shift+ArrowRight')
  await page.keyboard.press('Control+k')
  await testId(page, 'link-address').fill('javascript:alert(1)')
  await page.keyboard.press('Enter')
  await page.keyboard.press('Control+k')
  await testId(page, 'link-address').fill(`${world.node.url}/b/${board}`)
  await page.keyboard.press('Enter')
  await reads(seen, `see here[link:${world.node.url}/b/${board}] now`)
  await page.keyboard.press('Escape')
  await testId(page, 'open-links').waitFor()
  await page.keyboard.press('Escape')
  const [opened] = await Promise.all([page.context().waitForEvent('page'), holding(page, 'Control', () => page.mouse.click(600, 400))])
  await opened.waitForLoadState('domcontentloaded')
  assert.equal(await opened.evaluate(() => window.opener), null)
  await opened.close()
})

test('what is copied keeps its formats, and what is pasted is made safe', async (world) => {
  const { page, seen } = await writing(world, '')
  const html =
    '<p>One <b onclick="x()">two</b></p><script>bad()</script><ul><li>item <a href="javascript:x()">no</a> <a href="https://a.example/">yes</a></li></ul>'
  await page.evaluate((given) => {
    const clipboardData = new DataTransfer()
    clipboardData.setData('text/html', given)
    clipboardData.setData('text/plain', 'plain')
    const target = document.querySelector('.text-line')
    target.dispatchEvent(
      new ClipboardEvent('paste', {
        clipboardData,
        bubbles: true,
        cancelable: true,
      }),
    )
  }, html)
  await reads(seen, 'One two[bold]\nitem no [list:bullet]yes[link:https://a.example/ list:bullet]')
  await page.keyboard.press('Control+a')
  await page.keyboard.press('Control+c')
  await page.keyboard.press('ArrowRight')
  await page.keyboard.press('Enter')
  await page.keyboard.press('Enter')
  await page.keyboard.press('Control+v')
  await seen.until('the copy', () => formats(seen).split('two[bold]').length === 3)
  await canvas(page, { elements: 1 })
})

test('the field stands where the painter draws, letter for letter', async (world) => {
  const { page } = await writing(world, 'Hamburg AVATAR To fit\nmore words that wrap', { font_size: 20 })
  await page.keyboard.press('Control+a')
  for (const keys of [null, 'Control+b', 'Control+i']) {
    if (keys) await page.keyboard.press(keys)
    await page.keyboard.press('ArrowRight')
    const off = await page.evaluate(async () => {
      await document.fonts.ready
      const draw = document.createElement('canvas').getContext('2d')
      draw.fontKerning = 'none'
      return [...document.querySelectorAll('.text-line')].map((line) => {
        const range = document.createRange()
        range.selectNodeContents(line)
        const style = getComputedStyle(line.querySelector('span') ?? line)
        draw.font = `${style.fontStyle} ${style.fontWeight} ${style.fontSize} "Easel Text"`
        return Math.abs(range.getBoundingClientRect().width - draw.measureText(line.textContent).width)
      })
    })
    for (const one of off) assert.ok(one < 0.02, `${keys}: ${off}`)
    await page.keyboard.press('Control+a')
  }
})

test('bold letters are as wide as the table says', async (world) => {
  const { page } = await writing(world, 'x')
  const table = JSON.parse(
    await (await import('node:fs/promises')).readFile(new URL('../../node/board/fixtures/text.json', import.meta.url), 'utf8'),
  )
  const strings = table.rich.flatMap(([input, size, , , lines]) =>
    lines.flatMap(([, , , words]) =>
      words
        .filter(([text, , , style]) => (style & 1) !== 0 && Number.isInteger(size) && /^[ -~À-ʯͰ-ӿ]+$/u.test(text))
        .map(([text, , width, style]) => ({ text, width, size, style })),
    ),
  )
  assert.ok(strings.length > 50, `${strings.length} bold words`)
  const worst = await page.evaluate(async (words) => {
    await Promise.all(['bold', 'italic bold'].map((style) => document.fonts.load(`${style} 20px "Easel Text"`)))
    const draw = document.createElement('canvas').getContext('2d')
    draw.fontKerning = 'none'
    const off = words.map(({ text, width, size, style }) => {
      draw.font = `${style & 2 ? 'italic ' : ''}bold ${size}px "Easel Text"`
      return {
        text,
        size,
        style,
        px: Math.abs(draw.measureText(text).width - width),
      }
    })
    return off.reduce((a, b) => (b.px > a.px ? b : a))
  }, strings)
  assert.ok(worst.px < 0.001, `${strings.length} words; the worst ${JSON.stringify(worst)}`)
})

test('a text from right to left begins at the right, painted and while it is written', async (world) => {
  const { page } = await writing(world, 'שלום abc\nplain', { align: 'left' })
  const lines = await page.$$eval('.text-line', (all) =>
    all.map((line) => {
      const range = document.createRange()
      range.selectNodeContents(line)
      const { left, right } = range.getBoundingClientRect()
      return { dir: line.dir, left, right }
    }),
  )
  assert.deepEqual(
    lines.map(({ dir }) => dir),
    ['rtl', 'ltr'],
  )
  assert.ok(Math.abs(lines[0].right - 684) < 1, `the first ends at the right edge: ${lines[0].right}`)
  assert.ok(Math.abs(lines[1].left - 516) < 1, `the second begins at the left: ${lines[1].left}`)
})
