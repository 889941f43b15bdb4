// Connectors on a real board: drawn, followed, written on, freed; what one does the other sees.
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { mkdirSync } from 'node:fs'
import { byType, canvas, drag, holding, out, phase, pixel, suite, testId, until } from './harness.mjs'
import { block, zKey } from './outside.mjs'

const test = suite()

const TWO = {
  a: block(200, 200, 160, 100, { z: 'a0' }),
  b: block(640, 200, 160, 100, { z: 'a1', fill: 'green' }),
}

async function opened({ node, openBoard, outside }, elements, pages = 1) {
  const board = await node.createBoard('Connectors')
  const seen = await outside(board)
  seen.write(elements)
  const all = []
  for (let i = 0; i < pages; i++) {
    const page = await openBoard(board)
    await canvas(page, { elements: Object.keys(elements).length })
    all.push(page)
  }
  return { board, seen, pages: all, page: all[0] }
}

const linked = (seen) => byType(seen.elements(), 'connector')
const boundTo = ({ data }) => [data.from, data.to].map((end) => end.element ?? 'free').join(' ')

/** Something of a line is drawn here; a blank board is of one colour. */
async function isDrawn(page, [x, y]) {
  const [r, g, b] = await pixel(page, [x, y])
  const [r0, g0, b0] = await pixel(page, [x, y + 60])
  return Math.abs(r - r0) + Math.abs(g - g0) + Math.abs(b - b0) > 60
}

test('a connector is drawn from one to another, and the other page sees it follow', async (world) => {
  const { page, pages, seen } = await opened(world, TWO, 2)
  const other = pages[1]
  await page.keyboard.press('c')
  await canvas(page, { tool: 'connector' })
  await drag(page, [280, 250], [720, 250])
  await seen.until('the connector', () => linked(seen).length === 1)
  assert.equal(boundTo(linked(seen)[0]), 'a b')
  assert.equal(linked(seen)[0].data.to_head, 'arrow')
  await until('the line on the other page', () => isDrawn(other, [500, 250]))

  // A live drag of the one element: the line goes along before anything is written.
  const before = JSON.stringify(linked(seen))
  await page.keyboard.press('v')
  await page.mouse.move(720, 250)
  await page.mouse.down()
  await holding(page, 'Control', async () => {
    await page.mouse.move(720, 450, { steps: 4 })
    await until('the line to have followed on the other page', () => isDrawn(other, [560, 450]))
    assert.equal(seen.get('b').box[1], 200)
    await page.mouse.up()
  })
  await seen.until('b to be there', () => seen.get('b').box[1] === 400)
  assert.equal(JSON.stringify(linked(seen)), before, 'nobody wrote to the connector')

  await page.keyboard.press('Escape')
  await page.keyboard.press('Control+z')
  await page.keyboard.press('Control+z')
  await seen.until('it to be taken back', () => linked(seen).length === 0)
})

test('it is written on, restyled and bound elsewhere', async (world) => {
  const { page, seen } = await opened(world, { ...TWO, c: block(640, 450, 160, 100, { z: 'a2', fill: 'red' }) })
  await page.keyboard.press('c')
  await drag(page, [280, 250], [720, 250])
  await seen.until('the connector', () => linked(seen).length === 1)
  await page.keyboard.press('Enter')
  await page.keyboard.type('yes')
  await page.keyboard.press('Escape')
  await seen.until('the label', () => linked(seen)[0].text === 'yes')

  await testId(page, 'prop-heads').click()
  await testId(page, 'head-from-many').click()
  await testId(page, 'head-to-zero_or_one').click()
  await page.keyboard.press('Escape')
  await testId(page, 'prop-route').click()
  await testId(page, 'route-straight').click()
  await page.keyboard.press('Escape')
  await seen.until('heads and way', () => {
    const { kind, data } = linked(seen)[0]
    return kind === 'straight' && data.from_head === 'many' && data.to_head === 'zero_or_one'
  })
  await drag(page, [640, 250], [720, 500])
  await seen.until('the other element', () => boundTo(linked(seen)[0]) === 'a c')
  await holding(page, 'Alt', () => drag(page, [640, 454], [720, 250]))
  await seen.until('a free end', () => boundTo(linked(seen)[0]) === 'a free')
})

test('with its element deleted an end stays where it was', async (world) => {
  const { page, seen } = await opened(world, TWO)
  await page.keyboard.press('Control+a')
  await page.keyboard.press('Shift+C')
  await seen.until('the connector', () => linked(seen).length === 1)
  assert.equal(boundTo(linked(seen)[0]), 'a b')
  await page.keyboard.press('Escape')
  await page.mouse.click(720, 250)
  await page.keyboard.press('Delete')
  await seen.until('a free end', () => linked(seen).length === 1 && boundTo(linked(seen)[0]) === 'a free')
  assert.equal(await isDrawn(page, [500, 250]), true)
  await page.keyboard.press('Control+z')
  await seen.until('both ends', () => seen.get('b') !== undefined && boundTo(linked(seen)[0]) === 'a b')
})

test('a flowchart grows out of its first shape by keys', async (world) => {
  const { page, seen } = await opened(world, { a: block(200, 120, 160, 80, { z: 'a0' }) })
  await page.mouse.click(280, 160)
  await page.keyboard.press('Control+ArrowRight')
  await seen.until('the second', () => seen.ids().length === 3)
  await page.keyboard.press('Control+ArrowDown')
  await seen.until('the third', () => seen.ids().length === 5)
  await page.keyboard.press('Control+ArrowLeft')
  await seen.until('the fourth', () => seen.ids().length === 7)
  const chain = linked(seen).map(boundTo)
  assert.equal(new Set(chain).size, 3)
  assert.ok(chain.every((one) => !one.includes('free')))
})

test('the point beside a shape makes a connected copy, by touch as well', async ({ node, openBoard, outside, person }) => {
  const board = await node.createBoard('Touch')
  const seen = await outside(board)
  seen.write({ a: block(200, 200, 160, 100) })
  const page = await openBoard(board, { context: await person({ hasTouch: true }) })
  await canvas(page, { elements: 1 })
  await page.touchscreen.tap(280, 250)
  await canvas(page, { selected: 1 })
  await page.touchscreen.tap(382, 250)
  await seen.until('a copy and a connector', () => seen.ids().length === 3)
  assert.equal(boundTo(linked(seen)[0]).split(' ')[0], 'a')
})

test('what it looks like', async ({ node, openBoard, outside }) => {
  const board = await node.createBoard('A flowchart')
  const seen = await outside(board)
  const shape = (x, y, text, kind, fill, at) => block(x, y, 150, 80, { kind, fill, text, z: zKey(at) })
  const end = (element) => ({ element, at: [0.5, 0.5], mode: 'auto', last: [0, 0] })
  const link = (from, to, at, more = {}) => ({
    type: 'connector',
    box: [0, 0, 1, 1, 0],
    z: zKey(at),
    data: { from: end(from), to: end(to), to_head: 'arrow' },
    ...more,
  })
  seen.write({
    a: shape(120, 120, 'Start', 'ellipse', 'green', 0),
    b: shape(420, 120, 'Any left?', 'diamond', 'yellow', 1),
    c: shape(720, 120, 'Take one', 'rectangle', 'blue', 2),
    d: shape(420, 330, 'Done', 'ellipse', 'red', 3),
    e: shape(720, 330, 'Customer', 'rectangle', 'none', 4),
    f: shape(1020, 330, 'Order', 'rectangle', 'none', 5),
    g: shape(720, 540, 'Line item', 'rounded', 'violet', 6),
    h: shape(1020, 540, 'Product', 'cylinder', 'orange', 7),
    l1: link('a', 'b', 8),
    l2: link('b', 'c', 9, { text: 'yes' }),
    l3: link('b', 'd', 10, { text: 'no', kind: 'straight' }),
    l4: link('e', 'f', 11, { data: { from: end('e'), to: end('f'), from_head: 'exactly_one', to_head: 'zero_or_many' } }),
    l5: link('f', 'g', 12, { kind: 'curved', dash: 'dashed', stroke: 'blue', data: { from: end('f'), to: end('g'), from_head: 'circle_open', to_head: 'triangle' } }),
    l6: link('g', 'h', 13, { data: { from: end('g'), to: end('h'), from_head: 'many', to_head: 'one_or_many' } }),
    l7: link('d', 'f', 14, { stroke: 'red', stroke_width: 4, text: 'around', data: { from: end('d'), to: end('f'), from_head: 'diamond', to_head: 'diamond_open' } }),
  })
  const page = await openBoard(board, { colorScheme: 'light', reducedMotion: 'reduce' })
  await canvas(page, { elements: 15 })
  await page.mouse.click(195, 160)
  await canvas(page, { selected: 1 })
  await page.mouse.move(640, 760)
  mkdirSync(out, { recursive: true })
  const shoot = (name) => page.screenshot({ path: join(out, `connectors-${name}.png`) })
  await shoot('light')
  await page.mouse.click(390, 160)
  await testId(page, 'prop-heads').click()
  await shoot('heads')
  await page.keyboard.press('Escape')
  await page.keyboard.press('Escape')
  await page.emulateMedia({ colorScheme: 'dark', reducedMotion: 'reduce' })
  await page.keyboard.press('c')
  await page.mouse.move(195, 160)
  await page.mouse.down()
  await page.mouse.move(420, 372, { steps: 3 })
  await shoot('dark')
  await page.mouse.up()
  await phase(page, 'saved')
})
