// The highlighter: what it crosses stays readable, others see it while it is drawn, and it goes as it came.
import assert from 'node:assert/strict'
import { byType, canvas, drag, holding, pixel, suite, take, testId, until } from './harness.mjs'
import { block } from './outside.mjs'

const test = suite()

const sum = ([r, g, b]) => r + g + b
const tintOf = ([r, , b]) => r - b

for (const colorScheme of ['light', 'dark']) {
  test(`it marks what another page sees being marked, and is erased and undone (${colorScheme})`, async (world) => {
    const { node, openBoard, outside } = world
    const board = await node.createBoard('Marked')
    const seen = await outside(board)
    // The ink of the theme: nearly black on light, nearly white on dark.
    seen.write({ a: block(300, 200, 100, 300, { fill: 'black', stroke: 'none' }) })
    const [page, other] = [await openBoard(board, { colorScheme }), await openBoard(board, { colorScheme })]
    for (const one of [page, other]) await canvas(one, { elements: 1 })
    const [bare, covered] = [await pixel(page, [600, 350]), await pixel(page, [350, 300])]
    const marks = () => byType(seen.elements(), 'highlighter')

    await page.keyboard.press('Shift+P')
    await canvas(page, { tool: 'highlighter' })
    assert.equal(await testId(page, 'tool-highlighter').getAttribute('aria-pressed'), 'true')
    await page.mouse.move(200, 350)
    await page.mouse.down()
    await holding(page, 'Shift', async () => {
      await page.mouse.move(700, 360, { steps: 6 })
      await until('the stroke under way on the other page', async () => (await pixel(other, [600, 350], 1))[3] > 0)
      assert.equal(marks().length, 0, 'nothing is written yet')
      await page.mouse.up()
    })
    await seen.until('the mark', () => marks().length === 1)
    assert.equal(marks()[0].box[3], 0, 'Shift made it straight')
    for (const one of [page, other]) {
      await until('its colour', async () => tintOf(await pixel(one, [600, 350])) > tintOf(bare) + 40)
      // Mixed, not painted over: what was dark on light stays as dark, what was light on dark as light.
      const now = await pixel(one, [350, 350])
      const change = colorScheme === 'light' ? sum(now) - sum(covered) : sum(covered) - sum(now)
      assert.ok(change <= 6, `${covered} became ${now}`)
    }

    await testId(page, 'prop-stroke').click()
    await testId(page, 'width-8').click()
    await page.keyboard.press('Escape')
    await drag(page, [500, 500], [800, 560])
    await seen.until('a wider one', () => marks().length === 2)
    assert.deepEqual(marks().map((mark) => mark.stroke_width ?? 20).sort(), [20, 40])
    await page.keyboard.press('Control+z')
    await seen.until('it to be taken back', () => marks().length === 1)
    await take(page, 'e')
    await drag(page, [650, 300], [650, 400])
    await seen.until('the mark to be erased', () => marks().length === 0)
    await canvas(other, { elements: 1 })
  })
}
