// How it looks: nothing lies over anything else, focus can be seen, and pictures of all of it go to `out/`.
// With PICTURE=1 the picture of the README is made anew.
import assert from 'node:assert/strict'
import { mkdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { canvas, out, phase, suite, testId, until } from './harness.mjs'
import { drawExample } from './example.mjs'

const test = suite()
const PICTURE = join(dirname(fileURLToPath(import.meta.url)), 'pictures/board.png')
const WIDE = { width: 1600, height: 1000 }
const NARROW = { width: 1000, height: 700 }
mkdirSync(out, { recursive: true })

/** Rests until fonts are there and what moves in CSS has come to its end. */
const calm = (page) =>
  page.evaluate(async () => {
    await document.fonts.ready
    await Promise.allSettled(document.getAnimations().filter((one) => one.effect?.getTiming().iterations !== Infinity).map((one) => one.finished))
    await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))
  })

async function shoot(page, name) {
  await calm(page)
  await page.screenshot({ path: join(out, `${name}.png`) })
}

/** Pairs of panels that lie on one another, and panels that leave the window. */
const clashes = (page, selector) =>
  page.evaluate((panels) => {
    const boxes = [...document.querySelectorAll(panels)]
      .map((node) => ({ name: node.getAttribute('data-testid') ?? node.className, box: node.getBoundingClientRect() }))
      .filter(({ box }) => box.width > 0)
    const wrong = boxes
      .filter(({ box }) => box.left < 0 || box.top < 0 || box.right > innerWidth || box.bottom > innerHeight)
      .map(({ name }) => `${name} leaves the window`)
    for (const [i, a] of boxes.entries()) {
      for (const b of boxes.slice(i + 1)) {
        const apart = a.box.right <= b.box.left || b.box.right <= a.box.left || a.box.bottom <= b.box.top || b.box.bottom <= a.box.top
        if (!apart) wrong.push(`${a.name} over ${b.name}`)
      }
    }
    return wrong
  }, selector)

/** Someone with this name and colour. */
async function called(person, name, color) {
  await person.addInitScript((me) => localStorage.setItem('easel.me', JSON.stringify(me)), { name, color })
  return person
}

test('a filled board, light and dark, wide and narrow', async ({ node, person, openBoard }) => {
  const board = await node.createBoard('Team retro')
  const mine = await called(await person({ viewport: WIDE, colorScheme: 'light', reducedMotion: 'reduce' }), 'Mira Holt', '#4f46e5')
  const page = await openBoard(board, { context: mine })
  await drawExample(page)
  await page.keyboard.press('v')
  await page.keyboard.press('Escape')
  await phase(page, 'saved')

  const others = []
  for (const [name, color, at] of [
    ['Jonas', '#be185d', [1010, 520]],
    ['Amina', '#0f766e', [1330, 470]],
  ]) {
    const other = await openBoard(board, { context: await called(await person({ viewport: WIDE }), name, color) })
    await canvas(other, { elements: 22 })
    await other.mouse.move(...at, { steps: 2 })
    others.push(other)
  }
  // One of them is moving a note while the picture is taken.
  await others[1].mouse.move(1375, 430)
  await others[1].mouse.down()
  await others[1].mouse.move(1367, 462, { steps: 3 })
  await canvas(page, { elements: 22, peers: 2 })
  await page.mouse.click(1025, 730)
  await canvas(page, { selected: 1 })
  await page.mouse.move(560, 900)
  if (process.env.PICTURE === '1') {
    mkdirSync(dirname(PICTURE), { recursive: true })
    await calm(page)
    await page.screenshot({ path: PICTURE })
  }
  await shoot(page, 'board-1600-light')
  await others[1].mouse.up()

  await page.mouse.click(220, 440)
  await canvas(page, { selected: 1 })
  await shoot(page, 'board-1600-selected')
  assert.deepEqual(await clashes(page, '.island'), [])
  await testId(page, 'prop-fill').click()
  await shoot(page, 'board-1600-colours')
  await page.keyboard.press('Escape')
  await page.keyboard.press('Escape')
  await page.emulateMedia({ colorScheme: 'dark', reducedMotion: 'reduce' })
  await shoot(page, 'board-1600-dark')
  await page.keyboard.press('?')
  await testId(page, 'shortcuts').waitFor()
  await shoot(page, 'shortcuts-1600-dark')
  await page.keyboard.press('Escape')

  await page.setViewportSize(NARROW)
  await page.keyboard.press('Shift+Digit1')
  await shoot(page, 'board-1000-dark')
  assert.deepEqual(await clashes(page, '.island'), [])
  await page.emulateMedia({ colorScheme: 'light', reducedMotion: 'reduce' })
  await shoot(page, 'board-1000-light')
  await page.keyboard.press('r')
  await testId(page, 'properties').waitFor()
  await shoot(page, 'board-1000-tool')
  assert.deepEqual(await clashes(page, '.island'), [])
  await page.keyboard.press('Escape')
  await page.keyboard.press('Control+a')
  await canvas(page, { selected: 22 })
  await shoot(page, 'board-1000-selected')
  assert.deepEqual(await clashes(page, '.island'), [])
  await page.keyboard.press('Escape')
  await node.kill()
  await phase(page, 'offline')
  await shoot(page, 'board-1000-offline')
  assert.deepEqual(await clashes(page, '.island'), [])
})

test('the start page, light and dark, wide and narrow', async ({ node, person, openPage, openBoard }) => {
  const first = await node.createBoard('Team retro')
  const drawn = await openBoard(first, { viewport: WIDE })
  await drawExample(drawn)
  await phase(drawn, 'saved')
  await drawn.close()
  for (const title of ['Onboarding flow', 'Offsite, day two', 'A board whose title is much too long to be shown in full on any card of this page']) {
    await node.createBoard(title)
  }
  const page = await openPage('/', { context: await person({ viewport: WIDE, colorScheme: 'light', reducedMotion: 'reduce' }) })
  const pictures = () => page.$$eval('[data-testid=board-card] img', (all) => all.length === 4 && all.every((one) => one.complete && one.naturalWidth > 0))
  await until('the previews', pictures)
  await shoot(page, 'start-1600-light')
  await page.locator('[data-testid=card-menu]').first().click()
  await shoot(page, 'start-1600-menu')
  await page.keyboard.press('Escape')
  await page.emulateMedia({ colorScheme: 'dark', reducedMotion: 'reduce' })
  await until('the dark previews', pictures)
  await shoot(page, 'start-1600-dark')
  await page.setViewportSize(NARROW)
  await shoot(page, 'start-1000-dark')
  assert.deepEqual(await clashes(page, '.start__bar-inner > *, .start__head > *'), [])
  assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), 'nothing scrolls sideways')
  await page.emulateMedia({ colorScheme: 'light', reducedMotion: 'reduce' })
  await until('the light previews', pictures)
  await shoot(page, 'start-1000-light')
  await testId(page, 'nav-trash').click()
  await page.getByText('Nothing in the trash').waitFor()
  await shoot(page, 'trash-1000-light')
})

test('an empty start page and an empty board', async ({ node, openPage, openBoard }) => {
  const page = await openPage('/', { viewport: NARROW, colorScheme: 'light', reducedMotion: 'reduce' })
  await testId(page, 'empty').waitFor()
  await shoot(page, 'start-1000-empty')
  const board = await openBoard(await node.createBoard('Blank'), { viewport: NARROW, colorScheme: 'light', reducedMotion: 'reduce' })
  await canvas(board, { elements: 0 })
  await shoot(board, 'board-1000-empty')
})

test('wherever the focus goes by Tab, it can be seen', async ({ node, openPage }) => {
  await node.createBoard('One')
  const page = await openPage('/', { viewport: NARROW, reducedMotion: 'reduce' })
  await testId(page, 'board-card').waitFor()
  const unseen = async () => {
    const blind = []
    for (let step = 0; step < 30; step += 1) {
      await page.keyboard.press('Tab')
      const found = await page.evaluate(() => {
        const node = document.activeElement
        if (node === null || node === document.body) return null
        const shows = (one) => {
          const style = getComputedStyle(one)
          const outlined = style.outlineStyle !== 'none' && Number.parseFloat(style.outlineWidth) >= 1
          return outlined || style.boxShadow.includes('0px 0px 0px')
        }
        // A ring may be drawn around the card or the field that holds what has the focus.
        const around = [node, node.parentElement, node.closest('article')].filter(Boolean)
        return { name: node.getAttribute('data-testid') ?? node.className, seen: around.some(shows) }
      })
      if (found !== null && !found.seen) blind.push(found.name)
    }
    return blind
  }
  assert.deepEqual(await unseen(), [])
  await testId(page, 'board-card').getByRole('link').click()
  await phase(page, 'saved')
  const blind = await unseen()
  // The board itself has the focus from the beginning, and the whole window shows what it does.
  assert.deepEqual(blind.filter((name) => name !== 'canvas'), [])
})
