// The start page: boards are made, found, named, thrown away and brought back.
import assert from 'node:assert/strict'
import { canvas, drag, phase, suite, testId, until } from './harness.mjs'
import { block } from './outside.mjs'

const test = suite()

const card = (page, title) => testId(page, 'board-card').filter({ has: page.getByText(title, { exact: true }) })
const titles = (page) => testId(page, 'card-title').allTextContents()
const listed = (page, wanted) => until(`the boards ${wanted}`, async () => String(await titles(page)) === String(wanted))

async function menu(page, title, entry) {
  await card(page, title).locator('[data-testid=card-menu]').click()
  await testId(page, entry).click()
}

test('with no boards the page invites to make one', async ({ node, openPage }) => {
  const page = await openPage('/')
  const empty = testId(page, 'empty')
  await empty.waitFor()
  await empty.getByRole('button').click()
  await page.waitForURL(/\/b\/brd_[0-9a-z]{26}$/)
  await phase(page, 'saved')
  await canvas(page, { elements: 0 })
  await testId(page, 'home').click()
  await page.waitForURL(`${node.url}/`)
  await listed(page, ['Untitled board'])
})

test('a board is made, named where it is shown, and opened', async ({ openPage, node }) => {
  await node.createBoard('Older')
  const page = await openPage('/')
  await listed(page, ['Older'])
  await testId(page, 'new-board').click()
  await page.waitForURL(/\/b\//)
  await phase(page, 'saved')
  await testId(page, 'board-title').click()
  await page.keyboard.type('Roadmap')
  await page.keyboard.press('Enter')
  await until('the title', async () => (await page.title()) === 'Roadmap · Easel')
  await testId(page, 'home').click()
  await listed(page, ['Roadmap', 'Older'])

  await menu(page, 'Older', 'card-rename')
  await page.keyboard.type('Newer')
  await page.keyboard.press('Enter')
  await card(page, 'Newer').waitFor()
  await menu(page, 'Newer', 'card-rename')
  await page.keyboard.type('Never')
  await page.keyboard.press('Escape')
  await until('it to be kept', async () => {
    const { data } = await (await node.ask('GET', '/boards')).json()
    return String(data.map(({ title }) => title).sort()) === 'Newer,Roadmap'
  })
  await card(page, 'Newer').getByRole('link').click()
  await phase(page, 'saved')
  assert.equal(await testId(page, 'board-title').textContent(), 'Newer')
  await page.goBack()
  await card(page, 'Roadmap').waitFor()
})

test('boards are found by a part of their title and sorted', async ({ node, openPage }) => {
  for (const title of ['Cherry', 'Apple pie', 'Banana', 'Apple cake']) await node.createBoard(title)
  const page = await openPage('/')
  await listed(page, ['Apple cake', 'Banana', 'Apple pie', 'Cherry'])
  await testId(page, 'sort').click()
  await testId(page, 'sort-title').click()
  await listed(page, ['Apple cake', 'Apple pie', 'Banana', 'Cherry'])
  await testId(page, 'search').fill('APPLE')
  await listed(page, ['Apple cake', 'Apple pie'])
  await testId(page, 'search').fill('walnut')
  await testId(page, 'no-match').waitFor()
  await testId(page, 'no-match').getByRole('button').click()
  await listed(page, ['Apple cake', 'Apple pie', 'Banana', 'Cherry'])
  await page.reload()
  await listed(page, ['Apple cake', 'Apple pie', 'Banana', 'Cherry'])
})

test('deleting can be undone at once, or later from the trash', async ({ node, openPage, openBoard }) => {
  const kept = await node.createBoard('Keep')
  const thrown = await node.createBoard('Throw')
  const page = await openPage('/')
  page.forgive(/status of 4(04|10)/)
  await listed(page, ['Throw', 'Keep'])
  await menu(page, 'Throw', 'card-trash')
  await listed(page, ['Keep'])
  await testId(page, 'toast-undo').click()
  await listed(page, ['Throw', 'Keep'])

  await menu(page, 'Throw', 'card-trash')
  await listed(page, ['Keep'])
  await until('the server to know', async () => (await (await node.ask('GET', `/boards/${thrown}`)).json()).trashed_at !== null)
  await testId(page, 'nav-trash').click()
  await listed(page, ['Throw'])
  await page.reload()
  await listed(page, ['Throw'])
  await menu(page, 'Throw', 'card-restore')
  await listed(page, [])
  await testId(page, 'nav-boards').click()
  await until('both', async () => String((await titles(page)).sort()) === 'Keep,Throw')

  // A link to a board in the trash says so, and restores it.
  await node.trashBoard(kept)
  const other = await openPage(`/b/${kept}`)
  other.forgive(/status of 4(04|10)/)
  await testId(other, 'trashed').waitFor()
  await testId(other, 'restore-board').click()
  await phase(other, 'saved')
  assert.equal((await (await node.ask('GET', `/boards/${kept}`)).json()).trashed_at, null)
  await openBoard(kept)
})

test('cards show what is on the boards, and who is there', async ({ node, openPage, openBoard, outside }) => {
  const board = await node.createBoard('Drawn')
  const seen = await outside(board)
  seen.write({ a: block(200, 200, 300, 200, { fill: 'red' }) })
  await openBoard(board)
  const page = await openPage('/')
  const picture = card(page, 'Drawn').locator('img')
  const loaded = (image) => image.evaluate((node) => node.complete && node.naturalWidth > 0)
  await until('a picture', () => loaded(picture))
  const before = await picture.getAttribute('src')
  await card(page, 'Drawn').locator('[data-testid=card-here]').waitFor()
  seen.write({ b: block(600, 200, 100, 100, { z: 'a1', fill: 'green' }) })
  await until('the picture to follow', async () => (await picture.getAttribute('src')) !== before && (await loaded(picture)))
  const svg = await (await fetch(node.url + (await picture.getAttribute('src')))).text()
  assert.match(svg, /^<svg/)
})

test('an address that is no board’s says so and leads home', async ({ node, openPage }) => {
  const page = await openPage('/')
  page.forgive(/status of 404/)
  await page.goto(`${node.url}/b/brd_00000000000000000000000000`)
  await testId(page, 'lost').waitFor()
  await testId(page, 'go-home').click()
  await page.waitForURL(`${node.url}/`)
  await testId(page, 'empty').waitFor()
  await page.goto(`${node.url}/nowhere`)
  await testId(page, 'lost').waitFor()
  await testId(page, 'go-home').click()
  await testId(page, 'empty').waitFor()
})

test('all of it works by keyboard alone', async ({ node, openPage }) => {
  await node.createBoard('First')
  await node.createBoard('Second')
  const page = await openPage('/')
  await listed(page, ['Second', 'First'])
  const focused = (what) => page.evaluate((selector) => document.activeElement?.closest(selector) !== null, what)
  /** Tabs until the focus is there, as long as it takes to go around. */
  const tabTo = async (selector) => {
    for (let step = 0; step < 40; step += 1) {
      if (await focused(selector)) return
      await page.keyboard.press('Tab')
    }
    assert.fail(`Tab does not reach ${selector}`)
  }

  await page.keyboard.press('/')
  assert.ok(await focused('[data-testid=search]'))
  await page.keyboard.type('fir')
  await listed(page, ['First'])
  await tabTo('[data-testid=board-card] a')
  await page.keyboard.press('F2')
  await testId(page, 'card-title-input').waitFor()
  await page.keyboard.type('First of all')
  await page.keyboard.press('Enter')
  await listed(page, ['First of all'])
  await tabTo('[data-testid=card-menu]')
  await page.keyboard.press('Enter')
  await testId(page, 'card-trash').waitFor()
  // The last entry, by its first letter.
  await page.keyboard.press('m')
  assert.ok(await focused('[data-testid=card-trash]'))
  await page.keyboard.press('Enter')
  await testId(page, 'no-match').waitFor()
  await tabTo('[data-testid=toast-undo]')
  await page.keyboard.press('Enter')
  await listed(page, ['First of all'])
  await page.keyboard.press('/')
  await page.keyboard.press('Escape')
  await page.keyboard.press('Escape')
  await until('all boards', async () => (await titles(page)).length === 2)

  await tabTo('[data-testid=board-card] a')
  await page.keyboard.press('Enter')
  await phase(page, 'saved')
  assert.ok(await focused('[data-testid=canvas]'), 'the board has the keys')
  // The tools are one stop, with arrows within.
  await tabTo('[data-testid=tool-select]')
  await page.keyboard.press('ArrowRight')
  await page.keyboard.press('ArrowRight')
  assert.ok(await focused('[data-testid=tool-sticky]'))
  await page.keyboard.press('Enter')
  await canvas(page, { tool: 'sticky' })
  await page.keyboard.press('Escape')
  await tabTo('[data-testid=home]')
  await page.keyboard.press('Enter')
  await until('home again', async () => (await titles(page)).length === 2)
  await page.keyboard.press('n')
  await page.waitForURL(/\/b\//)
  await phase(page, 'saved')
})

test('a list of 200 boards scrolls, and shows the last of them', async ({ node, openPage }) => {
  for (let at = 1; at <= 200; at += 20) {
    await Promise.all(Array.from({ length: 20 }, (_, i) => node.createBoard(`Board ${String(at + i).padStart(3, '0')}`)))
  }
  const page = await openPage('/')
  await testId(page, 'sort').click()
  await testId(page, 'sort-title').click()
  await card(page, 'Board 001').waitFor()
  assert.ok((await titles(page)).length < 80, 'only what is near the window is there')
  await until('the last', async () => {
    await page.mouse.wheel(0, 2_000)
    return (await titles(page)).at(-1) === 'Board 200'
  })
  const overlap = await page.evaluate(() => {
    const boxes = [...document.querySelectorAll('[data-testid=board-card]')].map((one) => one.getBoundingClientRect())
    return boxes.some((a, i) => boxes.some((b, j) => j > i && a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom))
  })
  assert.ok(!overlap, 'no card lies on another')
  await testId(page, 'search').fill('board 137')
  await listed(page, ['Board 137'])
})

test('the board and its page take the theme that is chosen', async ({ node, openBoard, person }) => {
  const board = await node.createBoard('Night')
  const page = await openBoard(board, { context: await person({ colorScheme: 'light' }) })
  const background = () => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor)
  const light = await background()
  await testId(page, 'theme').click()
  await testId(page, 'theme-dark').click()
  await until('dark', async () => (await background()) !== light)
  await page.reload()
  await phase(page, 'saved')
  assert.notEqual(await background(), light)
  await page.keyboard.press('r')
  await drag(page, [200, 200], [300, 300])
  await canvas(page, { elements: 1 })
})
