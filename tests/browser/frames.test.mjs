// Frames and groups, the list of frames, presenting them, and links to places, in real pages; results as another program reads them.
import assert from 'node:assert/strict'
import { canvas, drag, holding, phase, pixel, suite, testId, until } from './harness.mjs'
import { block } from './outside.mjs'

const test = suite()

const frame = (x, y, w, h, text, more = {}) => ({ type: 'frame', box: [x, y, w, h, 0], z: 'a0', text, ...more })

async function opened({ node, openBoard, outside }, elements) {
  const board = await node.createBoard('Frames')
  const seen = await outside(board)
  seen.write(elements)
  const page = await openBoard(board)
  await canvas(page, { elements: Object.keys(elements).length })
  return { board, seen, page }
}

const placeOf = (seen, id) => seen.get(id)?.box.slice(0, 2).map(Math.round)
const at = (seen, id, x, y) => seen.until(`${id} at ${x},${y}`, () => String(placeOf(seen, id)) === `${x},${y}`)
const under = (seen, id, parent) => seen.until(`${id} under ${parent}`, () => seen.get(id)?.parent === parent)

const PLAN = {
  plan: frame(200, 150, 400, 300, 'Plan'),
  a: block(260, 200, 100, 100, { z: 'a1' }),
  b: block(700, 200, 100, 100, { z: 'a2', fill: 'red' }),
}

test('a frame is drawn, named, and takes what is dragged into it along, for two people', async (world) => {
  const { page, seen, board } = await opened(world, { a: PLAN.a, b: PLAN.b })
  const other = await world.openBoard(board)
  await page.keyboard.press('f')
  await testId(page, 'prop-frame-size').click()
  await testId(page, 'frame-size-free').click()
  await page.keyboard.press('Escape')
  await page.locator('[data-testid=canvas]').focus()
  await page.keyboard.press('f')
  await holding(page, 'Control', () => drag(page, [200, 150], [600, 450]))
  const frame = () => seen.ids().find((one) => seen.get(one).type === 'frame')
  await seen.until('the frame', () => frame() !== undefined)
  const id = frame()
  await under(seen, 'a', id)
  assert.equal(seen.get(id).text.toString(), 'Frame 1')

  // By its name, which is written where it stands.
  await page.mouse.dblclick(215, 139)
  await testId(page, 'frame-name').fill('Plan')
  await page.keyboard.press('Enter')
  await seen.until('its name', () => seen.get(id).text.toString() === 'Plan')

  await holding(page, 'Control', () => drag(page, [750, 250], [500, 350]))
  await under(seen, 'b', id)
  // The other takes hold of it by its name.
  await canvas(other, { elements: 3 })
  await drag(other, [215, 139], [235, 159], { steps: 4 })
  await seen.until('the content moved along', () => {
    const [x, y] = placeOf(seen, id)
    return x !== 200 && placeOf(seen, 'a').join() === `${x + 60},${y + 50}`
  })
  await other.keyboard.press('Control+z')
  await at(seen, 'a', 260, 200)
  await at(seen, id, 200, 150)
})

test('what hangs over the edge of a frame is not seen, and what is dragged out is', async (world) => {
  const { page, seen } = await opened(world, { ...PLAN, a: { ...PLAN.a, box: [550, 200, 100, 100, 0], parent: 'plan' } })
  const [inside, beyond] = [
    [575, 250],
    [625, 250],
  ]
  assert.notDeepEqual(await pixel(page, inside), await pixel(page, beyond))
  assert.deepEqual(await pixel(page, beyond), await pixel(page, [660, 335]), 'the board is seen there')
  await page.mouse.click(...beyond)
  await canvas(page, { selected: 0 })
  await holding(page, 'Control', () => drag(page, inside, [825, 450]))
  await seen.until('it hangs below nothing', () => seen.get('a').parent === undefined)
  await until('it is seen', async () => String(await pixel(page, [850, 450])) !== String(await pixel(page, [780, 430])))
})

test('a group is handled as one, gone into, and taken apart', async (world) => {
  const { page, seen } = await opened(world, { a: block(200, 200), b: block(400, 200, 100, 100, { z: 'a1' }) })
  await page.keyboard.press('Control+a')
  await page.keyboard.press('Control+g')
  await seen.until('a group', () => seen.get('a').parent !== undefined && seen.get('a').parent === seen.get('b').parent)
  const group = seen.get('a').parent
  await page.mouse.click(900, 600)
  await drag(page, [250, 250], [250, 400])
  await at(seen, 'b', 400, 350)
  await page.mouse.dblclick(250, 400)
  await page.keyboard.press('ArrowRight')
  await at(seen, 'a', 201, 350)
  await at(seen, 'b', 400, 350)
  await page.keyboard.press('Escape')
  await page.keyboard.press('Control+Shift+G')
  await seen.until('no group', () => seen.get(group) === undefined && seen.get('b').parent === undefined)
})

const SHOW = {
  one: frame(0, 0, 800, 450, 'One'),
  two: frame(1000, 0, 800, 450, 'Two'),
  three: frame(0, 600, 450, 450, 'Three'),
  red: block(1100, 100, 200, 200, { fill: 'red', stroke: 'none', parent: 'two', z: 'a1' }),
}
const shown = (page, n) => page.locator(`[data-testid=presentation][data-at="${n}"]`).waitFor()

test('frames are put in order, presented, and followed by somebody else', async (world) => {
  const { page, seen, board } = await opened(world, SHOW)
  await testId(page, 'frames-open').click()
  const rows = testId(page, 'frames-row')
  const names = async () => (await rows.allInnerTexts()).map((text) => text.replaceAll(/[^A-Za-z]/g, '')).join(' ')
  await until('reading order', async () => (await names()) === 'One Two Three')
  await rows.nth(2).locator('.frames__go').press('Alt+ArrowUp')
  await until('another order', async () => (await names()) === 'One Three Two')
  await seen.until('the order is stored', () => seen.get('three').order < seen.get('two').order)
  await rows.nth(2).locator('.frames__go').click()
  await canvas(page, { selected: 1 })
  await page.keyboard.press('Escape')

  const other = await world.openBoard(board)
  await page.locator('[data-testid=canvas]').focus()
  await page.keyboard.press('Escape')
  await canvas(page, { selected: 0 })
  await page.keyboard.press('Control+Alt+p')
  await shown(page, 1)
  await page.keyboard.press('ArrowRight')
  await shown(page, 2)
  await page.keyboard.press('End')
  await shown(page, 3)
  await testId(other, 'follow-presentation').click()
  await shown(other, 3)
  await page.keyboard.press('Home')
  await shown(other, 1)
  await page.keyboard.press('PageDown')
  await shown(other, 2)
  assert.equal(await testId(other, 'tool-select').isVisible(), false)
  await page.keyboard.press('Escape')
  await testId(page, 'presentation').waitFor({ state: 'detached' })
  // It ends for who follows, who is where they were.
  await testId(other, 'presentation').waitFor({ state: 'detached' })
  await testId(other, 'tool-select').waitFor()
})

test('whoever follows somebody sees what they present, and follows them on when it is over', async (world) => {
  const { page, board } = await opened(world, SHOW)
  const other = await world.openBoard(board)
  await testId(other, 'follow').click()
  await testId(other, 'following').waitFor()
  await page.locator('[data-testid=canvas]').focus()
  await page.keyboard.press('Control+Alt+p')
  await shown(page, 1)
  await shown(other, 1)
  await page.keyboard.press('End')
  await shown(other, 3)
  await page.keyboard.press('Escape')
  await testId(other, 'presentation').waitFor({ state: 'detached' })
  await testId(other, 'following').waitFor()

  await page.keyboard.press('Control+Alt+p')
  await shown(other, 1)
  // To leave what they show is to leave them.
  await testId(other, 'present-end').click()
  await testId(other, 'presentation').waitFor({ state: 'detached' })
  await testId(other, 'follow-presentation').waitFor()
  assert.equal(await testId(other, 'following').count(), 0)
})

test('a swipe turns the page, and the laser points on it', async (world) => {
  const { page } = await opened(world, SHOW)
  await page.keyboard.press('Control+Alt+p')
  await shown(page, 1)
  await drag(page, [700, 400], [500, 400])
  await shown(page, 2)
  await drag(page, [500, 400], [700, 400])
  await shown(page, 1)
  await page.mouse.click(800, 400)
  await shown(page, 2)
  await page.keyboard.press('k')
  await canvas(page, { tool: 'laser' })
  await page.keyboard.press('k')
  await canvas(page, { tool: 'hand' })
  await page.keyboard.press('Escape')
  await canvas(page, { tool: 'select' })
})

test('a link leads to an element, a frame or a view', async (world) => {
  const { page, node, board } = { ...(await opened(world, SHOW)), node: world.node }
  const place = (hash) => world.openPage(`/b/${board}${hash}`)
  const there = await place('#e=red')
  await phase(there, 'saved')
  await canvas(there, { selected: 1, zoom: 2 })
  const view = await place('#v=1200,200,0.5')
  await phase(view, 'saved')
  await canvas(view, { zoom: 0.5 })
  await until('the red square in the middle', async () => {
    const [r, g] = await pixel(view, [640, 400])
    return r > g + 20
  })
  await view.goto(`${node.url}/b/${board}#f=two`)
  await canvas(view, { selected: 1 })

  await page.context().grantPermissions(['clipboard-read', 'clipboard-write'])
  await page.mouse.click(3, 300)
  await canvas(page, { selected: 1 })
  await page.mouse.click(3, 300, { button: 'right' })
  await testId(page, 'menu-copyLink').click()
  await until('the link', async () => (await page.evaluate(() => navigator.clipboard.readText())).includes(`/b/${board}#`))
})
