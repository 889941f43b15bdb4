// Finding one's way on a board: palette, find, map, zoom, following somebody.
import assert from 'node:assert/strict'
import { block, note } from './outside.mjs'
import { canvas, phase, suite, testId, until } from './harness.mjs'

const test = suite()

/** A board with these elements, open. */
async function opened(world, elements, options) {
  const board = await world.node.createBoard('Ways')
  const seen = await world.outside(board)
  if (Object.keys(elements).length > 0) seen.write(elements)
  const page = await world.openBoard(board, options)
  await canvas(page, { elements: Object.keys(elements).length })
  return { page, seen, board }
}

/** Where a world rectangle's middle stands on the screen is told by the marks; the view by what is under it. */
const middleOf = async (page, id) => {
  const box = await testId(page, id).boundingBox()
  return [Math.round(box.x + box.width / 2), Math.round(box.y + box.height / 2)]
}

const near = (actual, wanted, slack) => Math.abs(actual - wanted) <= slack

test('the palette does what is typed, by keyboard and by mouse, and knows what was used lately', async (world) => {
  const { page } = await opened(world, { n: note(300, 200, 'Budget for spring') })
  const ask = async (letters) => {
    await page.keyboard.press('Control+k')
    await testId(page, 'palette-input').waitFor()
    await page.keyboard.type(letters)
  }
  const first = () => testId(page, 'palette-option').first()
  await ask('ellip')
  await until('the ellipse first', async () => (await first().textContent()).startsWith('Ellipse'))
  await page.keyboard.press('Enter')
  await testId(page, 'palette').waitFor({ state: 'detached' })
  await canvas(page, { tool: 'ellipse' })
  // A shape that has no letter of its own.
  await ask('cylinder')
  await until('the cylinder first', async () => (await first().textContent()).startsWith('Cylinder'))
  await first().click()
  await canvas(page, { tool: 'cylinder' })
  await page.keyboard.press('Control+k')
  await until('what was used lately', async () => {
    const two = await testId(page, 'palette-option').allTextContents()
    return two[0].startsWith('Cylinder') && two[1].startsWith('Ellipse')
  })
  await page.keyboard.type('budget')
  await until('the place', async () => (await first().textContent()).startsWith('Budget for spring'))
  await page.keyboard.press('Enter')
  await canvas(page, { selected: 1 })
  await ask('duplic')
  await page.keyboard.press('Enter')
  await canvas(page, { elements: 2 })
  await ask('qqqq')
  await until('nothing found', async () => (await testId(page, 'palette').textContent()).includes('Nothing of that name'))
  await page.keyboard.press('Escape')
  await testId(page, 'palette').waitFor({ state: 'detached' })
  await page.keyboard.press('v')
  await canvas(page, { tool: 'select' })
})

test('find counts what has the words, goes from one to the next and stays in step with the board', async (world) => {
  const { page, seen } = await opened(world, {
    a: note(200, 200, 'Café in the morning'),
    b: block(4000, 200, 160, 80, { text: 'another cafe', z: 'a1' }),
    c: note(200, 5000, 'Tea', { z: 'a2' }),
    d: note(3000, 5000, 'CAFÉ again', { z: 'a3' }),
  })
  const says = (words) => until(words, async () => (await testId(page, 'find-count').textContent()) === words)
  const marks = (id) => until(`the mark of ${id}`, async () => (await testId(page, 'find-mark-current').getAttribute('data-id')) === id)
  await page.keyboard.press('Control+f')
  await testId(page, 'find-field').waitFor()
  await page.keyboard.type('cafe')
  await says('3 results')
  for (const [at, id] of [['1 of 3', 'a'], ['2 of 3', 'b'], ['3 of 3', 'd'], ['1 of 3', 'a']]) {
    await page.keyboard.press('Enter')
    await says(at)
    await marks(id)
    const [x, y] = await middleOf(page, 'find-mark-current')
    assert.ok(near(x, 640, 2) && near(y, 400, 2), `${id} is in the middle of the view: ${x}, ${y}`)
  }
  await page.keyboard.press('Shift+Enter')
  await says('3 of 3')
  await testId(page, 'find-previous').click()
  await says('2 of 3')
  seen.write({ e: note(900, 900, 'cafe, new', { z: 'a4' }) })
  await until('one more', async () => (await testId(page, 'find-count').textContent()).endsWith('of 4'))
  await testId(page, 'find-field').focus()
  await page.keyboard.press('Escape')
  await testId(page, 'find').waitFor({ state: 'detached' })
  await canvas(page, { selected: 1 })
  // The keys are the board's again.
  await page.keyboard.press('Escape')
  await canvas(page, { selected: 0 })
  await page.keyboard.press('r')
  await canvas(page, { tool: 'rectangle' })
})

test('the map shows where the view is, and moves it', async (world) => {
  const { page } = await opened(world, { a: block(0, 0, 400, 300), b: block(6000, 4000, 400, 300, { z: 'a1' }) })
  await page.keyboard.press('m')
  const map = testId(page, 'minimap')
  await map.waitFor()
  const before = await testId(page, 'minimap-view').boundingBox()
  const box = await map.boundingBox()
  const drawn = await map.evaluate((node) => {
    const canvas = node.querySelector('canvas')
    return canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data.some((value) => value > 0)
  })
  assert.ok(drawn, 'the elements are on it')
  await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2)
  await page.mouse.down()
  await page.mouse.move(box.x + box.width - 14, box.y + box.height - 14, { steps: 4 })
  await page.mouse.up()
  const view = await testId(page, 'minimap-view').boundingBox()
  assert.ok(view.x > before.x + 40 && view.y > before.y + 20, 'what is in view has moved')
  assert.ok(near(view.x + view.width / 2, box.x + box.width - 14, 2), 'to where the pointer is')
  await map.focus()
  await page.keyboard.press('ArrowLeft')
  await until('the arrow', async () => (await testId(page, 'minimap-view').boundingBox()).x < view.x)
  await page.reload()
  await phase(page, 'saved')
  await testId(page, 'minimap').waitFor()
  await page.keyboard.press('m')
  await testId(page, 'minimap').waitFor({ state: 'detached' })
})

test('the zoom is typed, within what there is', async (world) => {
  const { page } = await opened(world, { a: block(100, 100, 400, 300) })
  for (const [typed, zoom] of [['250', 2.5], ['33 %', 0.33], ['9999', 8], ['1', 0.05], ['12,5', 0.125]]) {
    await testId(page, 'zoom-level').click()
    await testId(page, 'zoom-field').waitFor()
    await page.keyboard.type(typed)
    await page.keyboard.press('Enter')
    await testId(page, 'zoom-field').waitFor({ state: 'detached' })
    await canvas(page, { zoom })
  }
  await testId(page, 'zoom-level').click()
  await testId(page, 'zoom-fit').click()
  await canvas(page, { zoom: 1 })
})

/** Two people on one board; the second one's name is Bob. */
async function twoPages(world) {
  const { page: ada, board } = await opened(world, { a: block(200, 200, 100, 100, { fill: 'red' }), b: block(2000, 1500, 100, 100, { z: 'a1' }) })
  const bob = await world.openBoard(board, { viewport: { width: 1000, height: 700 } })
  await canvas(bob, { peers: 1, elements: 2 })
  await canvas(ada, { peers: 1 })
  return { ada, bob }
}

/** The map of a page says what part of the board is in view. */
const frameOf = (page) => testId(page, 'minimap-view').boundingBox()

test('somebody is followed until one moves oneself, presses Escape or they leave', async (world) => {
  const { ada, bob } = await twoPages(world)
  await ada.keyboard.press('m')
  await bob.keyboard.press('m')
  await testId(ada, 'minimap-view').waitFor()
  const following = testId(bob, 'following')
  const sees = (what, holds) => until(what, async () => holds(await frameOf(bob), await frameOf(ada)))
  const centred = (mine, theirs) => {
    const middle = (box, by) => (by === 'x' ? box.x + box.width / 2 : box.y + box.height / 2)
    // The maps are of one size and at the same distance from the corner.
    return near(middle(mine, 'x') + 280, middle(theirs, 'x'), 3) && near(middle(mine, 'y') + 100, middle(theirs, 'y'), 3)
  }
  await testId(bob, 'follow').click()
  await following.waitFor()
  await ada.keyboard.press('Shift+Digit1')
  await sees('all of the board, as Ada does', centred)
  await ada.mouse.move(600, 400)
  await ada.mouse.wheel(300, 200)
  await sees('the way Ada goes', centred)
  // Whoever follows tells no view: following back moves nobody.
  await testId(ada, 'follow').click()
  await testId(ada, 'following').waitFor()
  await ada.keyboard.press('Escape')
  await testId(ada, 'following').waitFor({ state: 'detached' })

  await bob.mouse.move(500, 300)
  await bob.mouse.wheel(40, 0)
  await following.waitFor({ state: 'detached' })

  await testId(bob, 'follow').click()
  await following.waitFor()
  await bob.keyboard.press('Escape')
  await following.waitFor({ state: 'detached' })
  await testId(bob, 'follow').click()
  await following.waitFor()
  await testId(bob, 'stop-following').click()
  await following.waitFor({ state: 'detached' })
  await testId(bob, 'follow').click()
  await ada.close()
  await following.waitFor({ state: 'detached' })
  await bob.getByText('left the board').waitFor()
})

test('everyone is brought to me, can go back, and is not torn away from what they write', async (world) => {
  const { ada, bob } = await twoPages(world)
  await bob.keyboard.press('m')
  await testId(bob, 'minimap-view').waitFor()
  const before = await frameOf(bob)
  await ada.keyboard.press('Shift+Digit1')
  await testId(ada, 'me').click()
  await testId(ada, 'bring-to-me').click()
  await testId(bob, 'following').waitFor()
  await until('a wider view', async () => (await frameOf(bob)).width > before.width + 10)
  await testId(bob, 'call-back').click()
  await testId(bob, 'following').waitFor({ state: 'detached' })
  await until('where Bob was', async () => near((await frameOf(bob)).width, before.width, 2))

  await bob.mouse.dblclick(250, 250)
  await testId(bob, 'text-editor').waitFor()
  await bob.keyboard.type('I am')
  // The same person calls once in five seconds at the most.
  await until('the next call', async () => {
    await ada.keyboard.press('Control+k')
    await testId(ada, 'palette-input').fill('bring everyone')
    await ada.keyboard.press('Enter')
    await testId(ada, 'palette').waitFor({ state: 'detached' })
    return (await testId(bob, 'call-go').count()) > 0
  })
  assert.equal(await testId(bob, 'following').count(), 0)
  await bob.keyboard.type(' writing')
  assert.ok((await testId(bob, 'text-editor').inputValue().catch(() => testId(bob, 'text-editor').textContent())).includes('I am writing'))
  await testId(bob, 'call-go').first().click()
  await testId(bob, 'following').waitFor()
})

test('hints go when they are not wanted, and stay away; the figures show what there is to measure', async (world) => {
  const { page, board } = await opened(world, {})
  await testId(page, 'empty-hint').waitFor()
  await testId(page, 'end-hints').click()
  await testId(page, 'empty-hint').waitFor({ state: 'detached' })
  await page.reload()
  await phase(page, 'saved')
  await canvas(page, { elements: 0 })
  assert.equal(await testId(page, 'empty-hint').count(), 0)
  await page.goto(`${world.node.url}/b/${board}`)
  await phase(page, 'saved')
  await page.keyboard.press('Alt+Shift+F')
  const figure = (name, pattern) => until(`${name}`, async () => pattern.test(await testId(page, `figure-${name}`).textContent()))
  await figure('frame', /^[\d.]+ ms · p95 [\d.]+ ms$/)
  await figure('trip', /^\d+ ms$/)
  await page.keyboard.press('r')
  await page.mouse.move(400, 300)
  await page.mouse.down()
  await page.mouse.move(500, 380, { steps: 3 })
  await page.mouse.up()
  await figure('saved', /^\d+ ms$/)
  await page.keyboard.press('Alt+Shift+F')
  await testId(page, 'figures').waitFor({ state: 'detached' })
})

test('every panel takes the focus, is left by Escape, and gives the focus back', async (world) => {
  const { page } = await opened(world, {
    plan: { type: 'frame', box: [150, 150, 300, 200, 0], z: 'a0', text: 'Plan' },
    then: { type: 'frame', box: [600, 150, 300, 200, 0], z: 'a1', text: 'Then' },
  })
  const focused = (selector, what = selector) =>
    until(`the focus in ${what}`, () => page.evaluate((one) => document.activeElement.closest(one) !== null, selector))
  const id = (name) => `[data-testid="${name}"]`
  const byKey = [
    ['Alt+f', 'frames-panel'],
    ['Alt+o', 'outline-panel'],
    ['Control+f', 'find'],
    ['Control+k', 'palette'],
    ['?', 'shortcuts'],
  ]
  await testId(page, 'canvas').focus()
  for (const [key, name] of byKey) {
    await page.keyboard.press(key)
    await focused(id(name))
    await page.keyboard.press('Escape')
    await testId(page, name).waitFor({ state: 'detached' })
    await focused(id('canvas'), `the board after ${name}`)
  }
  const byButton = [
    ['frames-open', id('frames-panel')],
    ['help', id('shortcuts')],
    ['palette-open', id('palette')],
    ['tool-shapes', '.popover'],
    ['zoom-level', '.popover'],
    ['me', id('me-panel')],
  ]
  for (const [button, selector] of byButton) {
    await testId(page, button).press('Enter')
    await focused(selector)
    await page.keyboard.press('Escape')
    await page.locator(selector).waitFor({ state: 'detached' })
    await focused(id(button))
  }
  // Rows are walked with arrows, and chosen; the same key closes what it opened.
  await testId(page, 'canvas').focus()
  await page.keyboard.press('Alt+f')
  await focused(id('frames-panel'))
  await page.keyboard.press('ArrowDown')
  await page.keyboard.press('ArrowDown')
  await page.keyboard.press('Enter')
  await canvas(page, { selected: 1 })
  await page.keyboard.press('Delete')
  await page.keyboard.press('Home')
  await focused('.frames__go')
  await page.keyboard.press('Alt+f')
  await testId(page, 'frames-panel').waitFor({ state: 'detached' })
  await focused(id('canvas'))
  await canvas(page, { elements: 2 })
  await page.keyboard.press('Shift+F10')
  await focused('[role=menu]')
  await page.keyboard.press('Escape')
  await page.locator('[role=menu]').waitFor({ state: 'detached' })
})
