// What a program can find of barriers (axe-core): nothing, on any page, in light and dark, with what opens opened.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { canvas, drag, phase, suite, testId } from './harness.mjs'
import { block, note } from './outside.mjs'

const test = suite()
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

/** Each rule that is broken, and by what. */
async function assertNoBarriers(page, what) {
  if (!(await page.evaluate(() => 'axe' in window))) await page.evaluate(axe)
  const { violations, passes } = await page.evaluate(() => window.axe.run(document))
  const found = violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ target }) => target.join(' ')).join(', ')}`)
  assert.deepEqual(found, [], what)
  assert.ok(passes.length > 10, `${what}: the rules ran`)
}

for (const colorScheme of ['light', 'dark']) {
  const options = { colorScheme, reducedMotion: 'reduce' }

  test(`the start page has no barriers (${colorScheme})`, async ({ node, openPage }) => {
    const page = await openPage('/', options)
    await testId(page, 'empty').waitFor()
    await assertNoBarriers(page, 'without boards')
    await node.createBoard('One')
    await node.trashBoard(await node.createBoard('Two'))
    await page.reload()
    await testId(page, 'board-card').first().waitFor()
    await assertNoBarriers(page, 'with a board')
    await testId(page, 'sort').click()
    await page.getByRole('menu').waitFor()
    await assertNoBarriers(page, 'with the order open')
    await page.keyboard.press('Escape')
    await testId(page, 'card-menu').first().click()
    await page.getByRole('menu').waitFor()
    await assertNoBarriers(page, 'with a card’s menu open')
    await page.keyboard.press('Escape')
    await testId(page, 'nav-trash').click()
    await testId(page, 'board-card').first().waitFor()
    await assertNoBarriers(page, 'in the trash')
    await page.goto(`${node.url}/nothing/here`)
    await page.getByRole('heading').first().waitFor()
    await assertNoBarriers(page, 'at an address that is nothing')
  })

  test(`a board has no barriers (${colorScheme})`, async ({ node, openBoard }) => {
    const board = await node.createBoard('Open to all')
    const page = await openBoard(board, options)
    await assertNoBarriers(page, 'blank')
    await page.keyboard.press('r')
    await drag(page, [500, 300], [650, 400])
    await phase(page, 'saved')
    await canvas(page, { selected: 1 })
    await assertNoBarriers(page, 'with something selected')
    for (const opener of ['me', 'arrange', 'prop-fill', 'prop-stroke', 'prop-text', 'prop-opacity']) {
      const button = testId(page, opener)
      if ((await button.count()) === 0) assert.fail(`there is no ${opener}`)
      await button.click()
      await page.locator('.popover').waitFor()
      await assertNoBarriers(page, `with ${opener} open`)
      await page.keyboard.press('Escape')
    }
    await page.mouse.click(575, 350, { button: 'right' })
    await page.getByRole('menu').waitFor()
    await assertNoBarriers(page, 'with the menu of the selection open')
    await page.keyboard.press('Escape')
    await page.mouse.dblclick(575, 350)
    await page.locator('textarea, [contenteditable]').first().waitFor()
    await assertNoBarriers(page, 'while something is written')
    await page.keyboard.press('Escape')
    await page.keyboard.press('Escape')
    await page.keyboard.press('Shift+?')
    await page.getByRole('dialog').waitFor()
    await assertNoBarriers(page, 'with the keys shown')
  })
}

for (const colorScheme of ['light', 'dark']) {
  test(`what helps to find one’s way has no barriers (${colorScheme})`, async ({ node, openBoard, outside }) => {
    const board = await node.createBoard('Ways')
    const seen = await outside(board)
    seen.write({ n: note(300, 200, 'Spring'), b: block(700, 300, 200, 100, { z: 'a1', text: 'Spring again' }) })
    const page = await openBoard(board, { colorScheme, reducedMotion: 'reduce' })
    await canvas(page, { elements: 2 })
    await page.keyboard.press('m')
    await page.keyboard.press('Alt+Shift+F')
    await testId(page, 'minimap').waitFor()
    await testId(page, 'figures').waitFor()
    await testId(page, 'zoom-level').click()
    await testId(page, 'zoom-field').waitFor()
    await assertNoBarriers(page, 'with the map and the zoom open')
    await page.keyboard.press('Escape')
    await page.keyboard.press('Control+f')
    await testId(page, 'find-field').fill('spring')
    await page.keyboard.press('Enter')
    await testId(page, 'find-mark-current').waitFor()
    await assertNoBarriers(page, 'with something found')
    await page.keyboard.press('Escape')
    await page.keyboard.press('Control+k')
    await testId(page, 'palette-input').fill('spring')
    await testId(page, 'palette-option').first().waitFor()
    await assertNoBarriers(page, 'with the palette open')
  })
}

for (const colorScheme of ['light', 'dark']) {
  test(`the lists beside a board, and following somebody, have no barriers (${colorScheme})`, async ({ node, openBoard, outside }) => {
    const board = await node.createBoard('Lists')
    const seen = await outside(board)
    seen.write({
      f: { type: 'frame', box: [200, 150, 400, 300, 0], z: 'a0', text: 'Plan' },
      n: note(250, 200, 'Spring', { parent: 'f', z: 'a1' }),
      b: block(700, 300, 200, 100, { z: 'a2', text: 'Build' }),
    })
    const page = await openBoard(board, { colorScheme, reducedMotion: 'reduce' })
    await canvas(page, { elements: 3 })
    await testId(page, 'canvas').focus()
    await page.keyboard.press('Alt+o')
    await testId(page, 'outline-row').first().waitFor()
    await assertNoBarriers(page, 'with the outline')
    await page.keyboard.press('Escape')
    await page.keyboard.press('Alt+f')
    await testId(page, 'frames-row').first().waitFor()
    await assertNoBarriers(page, 'with the frames')
    await page.keyboard.press('Escape')
    await openBoard(board)
    await testId(page, 'follow').first().click()
    await testId(page, 'following').waitFor()
    await assertNoBarriers(page, 'while following')
  })
}
