// Selecting and changing what is on a board, by mouse and keyboard; the results as another program reads them.
import assert from 'node:assert/strict'
import { byType, canvas, drag, holding, phase, pixel, suite, testId, until } from './harness.mjs'
import { block, note } from './outside.mjs'

const test = suite()

/** A board with these elements on it, open in one page, and seen from outside. */
async function opened({ node, openBoard, outside }, elements) {
  const board = await node.createBoard('Handling')
  const seen = await outside(board)
  seen.write(elements)
  const page = await openBoard(board)
  await canvas(page, { elements: Object.keys(elements).length })
  return { board, seen, page }
}

const THREE = {
  a: block(200, 200, 100, 100, { z: 'a0' }),
  b: block(400, 200, 100, 100, { z: 'a1', fill: 'red' }),
  c: block(600, 200, 100, 100, { z: 'a2', fill: 'green' }),
}

const boxOf = (seen, id) => seen.get(id)?.box.map((n) => Math.round(n * 100) / 100)
const at = (seen, id, box) => seen.until(`${id} at ${box}`, () => String(boxOf(seen, id)) === String(box))
const near = (a, b, slack = 0.02) => Math.abs(a - b) <= slack

/** The selection, as the page tells everybody on the board. */
const selects = (seen, ...ids) =>
  seen.until(`the selection ${ids}`, () => seen.people().some((one) => String([...one.selection].sort()) === String(ids)))

/** The one element that was not there before. */
async function added(seen, known) {
  const fresh = () => seen.ids().filter((id) => !known.includes(id))
  await seen.until('a new element', () => fresh().length === 1)
  return fresh()[0]
}

test('click selects, Shift adds and takes away, a click beside all lets go', async (world) => {
  const { page, seen } = await opened(world, THREE)
  await page.mouse.click(250, 250)
  await selects(seen, 'a')
  await page.mouse.click(450, 250)
  await selects(seen, 'b')
  await holding(page, 'Shift', () => page.mouse.click(650, 250))
  await selects(seen, 'b', 'c')
  await holding(page, 'Shift', () => page.mouse.click(450, 250))
  await selects(seen, 'c')
  await page.mouse.click(900, 600)
  await selects(seen)
  await page.keyboard.press('Control+a')
  await selects(seen, 'a', 'b', 'c')
})

test('a marquee takes what it touches, with Alt what it encloses, with Shift in addition', async (world) => {
  const { page, seen } = await opened(world, THREE)
  await drag(page, [150, 150], [450, 250])
  await selects(seen, 'a', 'b')
  await holding(page, 'Alt', () => drag(page, [150, 150], [450, 350]))
  await selects(seen, 'a')
  await holding(page, 'Shift', () => drag(page, [550, 150], [650, 250]))
  await selects(seen, 'a', 'c')
})

test('what lies on top is taken, and Alt-click takes what lies beneath', async (world) => {
  const { page, seen } = await opened(world, {
    low: block(200, 200, 200, 200, { z: 'a0' }),
    high: block(250, 250, 100, 100, { z: 'a1', fill: 'red' }),
  })
  await page.mouse.click(300, 300)
  await selects(seen, 'high')
  await holding(page, 'Alt', () => page.mouse.click(300, 300))
  await selects(seen, 'low')
})

test('a drag moves the selection, and Escape in the middle of it takes it back', async (world) => {
  const { page, seen } = await opened(world, THREE)
  await drag(page, [250, 250], [350, 280])
  await at(seen, 'a', [300, 230, 100, 100, 0])
  await holding(page, 'Shift', () => page.mouse.click(650, 250))
  await drag(page, [350, 280], [360, 400])
  await at(seen, 'a', [310, 350, 100, 100, 0])
  await at(seen, 'c', [610, 320, 100, 100, 0])

  await page.mouse.move(360, 400)
  await page.mouse.down()
  await page.mouse.move(500, 500, { steps: 5 })
  await page.keyboard.press('Escape')
  await page.mouse.up()
  // Had the drag been written, it would come before this.
  await page.keyboard.press('ArrowRight')
  await at(seen, 'a', [311, 350, 100, 100, 0])
  await at(seen, 'c', [611, 320, 100, 100, 0])
  assert.deepEqual(boxOf(seen, 'b'), [400, 200, 100, 100, 0])
})

test('arrows nudge by one, with Shift by ten, and a row of them is one undo step', async (world) => {
  const { page, seen } = await opened(world, THREE)
  await page.mouse.click(250, 250)
  await page.keyboard.press('ArrowRight')
  await page.keyboard.press('ArrowDown')
  await page.keyboard.press('Shift+ArrowLeft')
  await page.keyboard.press('Shift+ArrowUp')
  await at(seen, 'a', [191, 191, 100, 100, 0])
  await page.keyboard.press('Control+z')
  await at(seen, 'a', [200, 200, 100, 100, 0])
})

test('handles resize: corners, sides, with proportions kept, from the centre', async (world) => {
  const { page, seen } = await opened(world, { a: block(400, 300, 200, 100) })
  await page.mouse.click(500, 350)
  await drag(page, [600, 400], [660, 440])
  await at(seen, 'a', [400, 300, 260, 140, 0])
  await drag(page, [400, 370], [380, 390])
  await at(seen, 'a', [380, 300, 280, 140, 0])
  await holding(page, 'Shift', () => drag(page, [660, 440], [940, 441]))
  await at(seen, 'a', [380, 300, 560, 280, 0])
  await holding(page, 'Alt', () => drag(page, [940, 440], [930, 440]))
  await at(seen, 'a', [390, 300, 540, 280, 0])
})

test('several are resized together', async (world) => {
  const { page, seen } = await opened(world, THREE)
  await page.keyboard.press('Control+a')
  await canvas(page, { selected: 3 })
  await drag(page, [700, 300], [450, 250])
  await at(seen, 'a', [200, 200, 50, 50, 0])
  await at(seen, 'b', [300, 200, 50, 50, 0])
  await at(seen, 'c', [400, 200, 50, 50, 0])
})

test('the handle above turns, with Shift in steps of 15°', async (world) => {
  const { page, seen } = await opened(world, { a: block(400, 300, 200, 100) })
  await page.mouse.click(500, 350)
  await drag(page, [500, 276], [574, 350])
  await seen.until('a quarter turn', () => near(seen.get('a').box[4], Math.PI / 2))
  assert.deepEqual(boxOf(seen, 'a').slice(0, 4), [400, 300, 200, 100])
  // Its frame is turned too: the handle now stands to the right, 24 beyond the end of the long side.
  await holding(page, 'Shift', () => drag(page, [574, 350], [600, 430]))
  await seen.until('a step', () => near(seen.get('a').box[4], (Math.PI / 12) * 9, 0.001))
})

test('the ends of a line are dragged', async (world) => {
  const { page, seen } = await opened(world, {})
  await page.keyboard.press('l')
  await drag(page, [300, 300], [500, 400])
  const id = await added(seen, [])
  await drag(page, [500, 400], [600, 200])
  await at(seen, id, [300, 200, 300, 100, 0])
  const { from, to } = seen.get(id).data
  assert.deepEqual([from, to], [[0, 1], [1, 0]])
})

test('Delete and Backspace delete, undo brings back', async (world) => {
  const { page, seen } = await opened(world, THREE)
  await page.mouse.click(250, 250)
  await page.keyboard.press('Delete')
  await seen.until('a to go', () => seen.ids().length === 2)
  await page.mouse.click(450, 250)
  await page.keyboard.press('Backspace')
  await seen.until('b to go', () => String(seen.ids()) === 'c')
  await page.keyboard.press('Control+z')
  await page.keyboard.press('Control+z')
  await seen.until('both to be back', () => String(seen.ids().sort()) === 'a,b,c')
  assert.deepEqual(seen.get('b'), { ...THREE.b, text: '' })
  await page.keyboard.press('Control+Shift+z')
  await seen.until('a to go again', () => String(seen.ids().sort()) === 'b,c')
})

test('Ctrl-D puts a copy beside, Alt-drag leaves one behind', async (world) => {
  const { page, seen } = await opened(world, THREE)
  await page.mouse.click(450, 250)
  await page.keyboard.press('Control+d')
  const beside = await added(seen, ['a', 'b', 'c'])
  assert.deepEqual({ ...seen.get(beside), z: '' }, { ...THREE.b, text: '', box: [420, 220, 100, 100, 0], z: '' })
  await selects(seen, beside)

  await holding(page, 'Alt', () => drag(page, [650, 250], [650, 450]))
  const dragged = await added(seen, ['a', 'b', 'c', beside])
  assert.deepEqual(boxOf(seen, dragged), [600, 400, 100, 100, 0])
  assert.deepEqual(boxOf(seen, 'c'), THREE.c.box)
  assert.equal(seen.order().at(-1), dragged, 'a copy is on top')
})

test('copy and paste, cut and paste, on a board and from one board to another', async (world) => {
  const person = await world.person()
  const first = await world.node.createBoard('From')
  const second = await world.node.createBoard('To')
  const [from, to] = [await world.outside(first), await world.outside(second)]
  from.write({ a: block(200, 200), n: note(400, 200, 'Words', { z: 'a1', fill: 'pink' }) })
  const page = await world.openBoard(first, { context: person })
  await canvas(page, { elements: 2 })
  await page.keyboard.press('Control+a')
  await page.keyboard.press('Control+c')
  await page.keyboard.press('Control+v')
  await from.until('four', () => from.ids().length === 4)
  const copies = from.ids().filter((id) => id !== 'a' && id !== 'n')
  assert.deepEqual(copies.map((id) => boxOf(from, id)).sort(), [[220, 220, 100, 100, 0], [420, 220, 200, 200, 0]])

  const other = await world.openBoard(second, { context: person })
  await other.keyboard.press('Control+v')
  await to.until('two', () => to.ids().length === 2)
  const [pasted] = byType(to.elements(), 'sticky')
  assert.deepEqual([pasted.text, pasted.fill], ['Words', 'pink'])

  await page.bringToFront()
  await page.keyboard.press('Escape')
  await page.mouse.click(300, 300)
  await page.keyboard.press('Control+x')
  await from.until('it to be cut', () => from.ids().length === 3)
  await page.keyboard.press('Control+v')
  await from.until('it to be back', () => from.ids().length === 4)
})

test('text from elsewhere is pasted as text', async (world) => {
  const person = await world.person({ permissions: ['clipboard-read', 'clipboard-write'] })
  const board = await world.node.createBoard('Paste')
  const seen = await world.outside(board)
  const page = await world.openBoard(board, { context: person })
  await page.evaluate(() => navigator.clipboard.writeText('one line\nand another'))
  await page.keyboard.press('Control+v')
  await seen.until('the text', () => byType(seen.elements(), 'text').some(({ text }) => text === 'one line\nand another'))
})

test('keys change what lies above what', async (world) => {
  const { page, seen } = await opened(world, {
    a: block(200, 200, 200, 200, { z: 'a0' }),
    b: block(250, 250, 200, 200, { z: 'a1', fill: 'red' }),
    c: block(300, 300, 200, 200, { z: 'a2', fill: 'green' }),
  })
  const ordered = (order) => seen.until(`the order ${order}`, () => String(seen.order()) === order)
  await page.mouse.click(220, 220)
  await page.keyboard.press(']')
  await ordered('b,a,c')
  await page.keyboard.press('}')
  await ordered('b,c,a')
  await page.keyboard.press('[')
  await ordered('b,a,c')
  await page.keyboard.press('{')
  await ordered('a,b,c')
  await testId(page, 'arrange').click()
  await testId(page, 'to-front').click()
  await ordered('b,c,a')
  await page.keyboard.press('Control+z')
  await ordered('a,b,c')
})

test('the properties bar changes the selection', async (world) => {
  const { page, seen } = await opened(world, { ...THREE, n: note(200, 400, 'Note', { z: 'a3' }) })
  const choose = async (part, ...choices) => {
    await testId(page, part).click()
    for (const choice of choices) await testId(page, choice).click()
    await page.keyboard.press('Escape')
  }
  const has = (id, key, value) => seen.until(`${key} of ${id}`, () => seen.get(id)[key] === value)
  await page.mouse.click(250, 250)
  await choose('prop-fill', 'color-violet')
  await has('a', 'fill', 'violet')
  await choose('prop-stroke', 'color-red', 'width-4', 'dash-dashed')
  await has('a', 'stroke', 'red')
  await has('a', 'stroke_width', 4)
  await has('a', 'dash', 'dashed')
  await choose('prop-fill', 'color-none')
  // The default of a shape is not stored.
  await has('a', 'fill', undefined)
  await choose('prop-text', 'size-large', 'align-left', 'color-blue')
  await has('a', 'font_size', 32)
  await has('a', 'align', 'left')
  await has('a', 'text_color', 'blue')
  await testId(page, 'prop-opacity').click()
  await testId(page, 'opacity').fill('50')
  await has('a', 'opacity', 0.5)
  await page.keyboard.press('Escape')

  await page.mouse.click(300, 550)
  await selects(seen, 'n')
  await choose('prop-fill', 'color-green')
  await has('n', 'fill', 'green')
  await page.keyboard.press('Control+z')
  await has('n', 'fill', undefined)
  assert.deepEqual(seen.get('b'), { ...THREE.b, text: '' }, 'nothing else changed')
})

test('the properties bar sets how the next element looks', async (world) => {
  const { page, seen } = await opened(world, {})
  await page.keyboard.press('o')
  await testId(page, 'prop-fill').click()
  await testId(page, 'color-orange').click()
  await page.keyboard.press('Escape')
  await canvas(page, { tool: 'ellipse' })
  await drag(page, [300, 300], [400, 400])
  const id = await added(seen, [])
  assert.equal(seen.get(id).fill, 'orange')
  assert.equal(seen.get(id).kind, 'ellipse')
})

test('undo and redo are each person’s own', async (world) => {
  const { node, openBoard, outside } = world
  const board = await node.createBoard('Two')
  const seen = await outside(board)
  const a = await openBoard(board)
  const b = await openBoard(board)
  await a.keyboard.press('r')
  await drag(a, [200, 200], [300, 300])
  const ofA = await added(seen, [])
  await b.keyboard.press('o')
  await drag(b, [400, 200], [500, 300])
  const ofB = await added(seen, [ofA])
  await canvas(a, { elements: 2 })

  // A's last step is its own, although B's came later.
  await a.keyboard.press('Control+z')
  await seen.until('only what B drew', () => String(seen.ids()) === ofB)
  await a.keyboard.press('Control+z')
  await a.keyboard.press('Control+Shift+z')
  await seen.until('both again', () => seen.ids().length === 2)

  // B moves what A drew and takes that back; A's own steps are untouched by both.
  await canvas(b, { elements: 2 })
  await drag(b, [200, 250], [200, 450])
  await at(seen, ofA, [200, 400, 100, 100, 0])
  await b.keyboard.press('Control+z')
  await at(seen, ofA, [200, 200, 100, 100, 0])
  await b.keyboard.press('Control+y')
  await at(seen, ofA, [200, 400, 100, 100, 0])
  await a.keyboard.press('Escape')
  await canvas(a, { selected: 0 })
  await drag(a, [200, 450], [700, 450])
  await at(seen, ofA, [700, 400, 100, 100, 0])
  await until('B to see it there', async () => (await pixel(b, [700, 450]))[0] < 100)
  // Where it stands now is A's doing: B's next step back is to what B drew.
  await b.keyboard.press('Control+z')
  await seen.until('B’s own to go', () => String(seen.ids()) === ofA)
  assert.deepEqual(boxOf(seen, ofA), [700, 400, 100, 100, 0])
  await a.keyboard.press('Control+z')
  await at(seen, ofA, [200, 400, 100, 100, 0])
  await a.keyboard.press('Control+y')
  await at(seen, ofA, [700, 400, 100, 100, 0])
})

/** Where this tab looks at the board, as it keeps it for the next time. */
const camera = (page) =>
  page.evaluate(() => {
    const key = Object.keys(sessionStorage).find((one) => one.startsWith('easel.camera.'))
    return key === undefined ? [0, 0, 1] : JSON.parse(sessionStorage.getItem(key))
  })

const looksAt = (page, wanted) =>
  until(`the view ${wanted}`, async () => (await camera(page)).every((n, i) => near(n, wanted[i], 0.6)))

test('Ctrl and the wheel zoom about the pointer', async (world) => {
  const { page, seen } = await opened(world, { a: block(600, 300) })
  await page.mouse.move(650, 350)
  await holding(page, 'Control', async () => {
    for (let notch = 0; notch < 4; notch += 1) await page.mouse.wheel(0, -100)
  })
  await until('zoomed in', async () => Number(await testId(page, 'canvas').getAttribute('data-zoom')) > 2)
  // What was under the pointer is under it still.
  await page.mouse.click(650, 350)
  await selects(seen, 'a')
  const [x, y, zoom] = await until('the view to be kept', async () => {
    const found = await camera(page)
    return found[2] > 2 && found
  })
  assert.ok(near(650 * zoom + x, 650, 0.5) && near(350 * zoom + y, 350, 0.5), `${[x, y, zoom]}`)
})

test('keys and buttons zoom in steps, to 100 %, to all and to the selection', async (world) => {
  const { page } = await opened(world, { a: block(0, 100), b: block(2900, 1900) })
  const level = (percent) => until(`${percent} %`, async () => (await testId(page, 'zoom-level').textContent()) === `${percent}%`)
  await page.keyboard.press('Control+=')
  await level(150)
  await page.keyboard.press('Control+-')
  await page.keyboard.press('Control+-')
  await level(75)
  await page.keyboard.press('Control+0')
  await level(100)
  await testId(page, 'zoom-in').click()
  await level(150)
  await testId(page, 'zoom-out').click()
  await level(100)
  await page.keyboard.press('Shift+Digit1')
  // 3000 × 1900 in 1280 × 800 less a margin of 64 on each side.
  await level(35)
  await page.mouse.click(640 + 1450 * 0.353, 400 + 900 * 0.353)
  await canvas(page, { selected: 1 })
  await page.keyboard.press('Shift+Digit2')
  await level(200)
  await testId(page, 'zoom-level').click()
  await testId(page, 'zoom-fit').click()
  await level(35)
})

test('wheel, Space, middle button and hand pan', async (world) => {
  const { page, seen } = await opened(world, { a: block(600, 300) })
  await page.mouse.move(500, 500)
  await page.mouse.wheel(30, 40)
  await looksAt(page, [-30, -40, 1])
  await holding(page, ' ', () => drag(page, [500, 500], [530, 540]))
  await looksAt(page, [0, 0, 1])
  await drag(page, [650, 350], [750, 450], { button: 'middle' })
  await looksAt(page, [100, 100, 1])
  await canvas(page, { elements: 1, selected: 0 })
  await page.keyboard.press('h')
  await drag(page, [750, 450], [850, 450])
  await looksAt(page, [200, 100, 1])
  assert.deepEqual(boxOf(seen, 'a'), [600, 300, 100, 100, 0], 'nothing was moved on the board')
  await canvas(page, { tool: 'hand' })
  await page.keyboard.press('v')
  await page.mouse.click(850, 450)
  await selects(seen, 'a')
})

test('every tool has its key, and ? lists them all', async (world) => {
  const { page } = await opened(world, {})
  const keys = { h: 'hand', r: 'rectangle', o: 'ellipse', d: 'diamond', s: 'sticky', t: 'text', p: 'pen', l: 'line', e: 'eraser', k: 'laser', v: 'select' }
  for (const [key, tool] of Object.entries(keys)) {
    await page.keyboard.press(key)
    await canvas(page, { tool })
    assert.equal(await testId(page, `tool-${tool}`).getAttribute('aria-pressed'), 'true')
  }
  for (const tool of Object.values(keys)) {
    await testId(page, `tool-${tool}`).click()
    await canvas(page, { tool })
  }
  await page.keyboard.press('?')
  const sheet = testId(page, 'shortcuts')
  await sheet.waitFor()
  const listed = await sheet.textContent()
  for (const name of ['Hand', 'Rectangle', 'Ellipse', 'Diamond', 'Sticky note', 'Text', 'Pen', 'Line', 'Eraser', 'Laser pointer', 'Snap to grid', 'Select', 'Undo', 'Duplicate', 'Zoom to fit', 'Bring to front']) {
    assert.ok(listed.includes(name), `${name} is listed`)
  }
  // While the sheet is open, keys belong to it.
  await page.keyboard.press('r')
  await page.keyboard.press('Escape')
  await sheet.waitFor({ state: 'detached' })
  await canvas(page, { tool: 'select' })
})

test('Escape backs out one level at a time', async (world) => {
  const { page, seen } = await opened(world, { n: note(300, 200) })
  await page.mouse.dblclick(400, 300)
  await testId(page, 'text-editor').waitFor()
  await page.keyboard.type('r')
  await seen.until('the letter', () => seen.get('n').text === 'r')
  await page.keyboard.press('Escape')
  await testId(page, 'text-editor').waitFor({ state: 'detached' })
  await canvas(page, { selected: 1, tool: 'select' })
  await page.keyboard.press('r')
  await canvas(page, { tool: 'rectangle', selected: 0 })
  await page.keyboard.press('Escape')
  await canvas(page, { tool: 'select' })
  await page.keyboard.press('Control+a')
  await canvas(page, { selected: 1 })
  await page.keyboard.press('Escape')
  await canvas(page, { selected: 0 })
})

test('text is edited by double click, Enter and F2, and ended by a click elsewhere', async (world) => {
  const { page, seen } = await opened(world, { a: block(200, 200, 200, 100, { text: 'Shape', fill: 'none' }), n: note(500, 200, 'Note', { z: 'a1' }) })
  const says = (id, text) => seen.until(`${id} to say ${text}`, () => seen.get(id).text === text)
  await page.mouse.dblclick(300, 250)
  await page.keyboard.type(' one')
  await says('a', 'Shape one')
  await page.mouse.click(900, 600)
  await testId(page, 'text-editor').waitFor({ state: 'detached' })
  await page.mouse.click(300, 200)
  await page.keyboard.press('Enter')
  await testId(page, 'text-editor').waitFor()
  await page.keyboard.press('Control+Enter')
  await testId(page, 'text-editor').waitFor({ state: 'detached' })
  await page.mouse.click(600, 380)
  await page.keyboard.press('F2')
  await page.keyboard.type(' two')
  await page.keyboard.press('Enter')
  await page.keyboard.type('🎨 three')
  await says('n', 'Note two\n🎨 three')
  await page.keyboard.press('Escape')
  await testId(page, 'text-editor').waitFor({ state: 'detached' })
  // What is typed without a pause is one step; a slow machine makes pauses.
  while (seen.get('n').text !== 'Note') {
    const before = seen.get('n').text
    await page.keyboard.press('Control+z')
    await seen.until('a step back', () => seen.get('n').text !== before)
  }
})

test('a text left empty is not there', async (world) => {
  const { page, seen } = await opened(world, {})
  await page.keyboard.press('t')
  await page.mouse.click(400, 300)
  await testId(page, 'text-editor').waitFor()
  await seen.until('the text', () => seen.ids().length === 1)
  await page.keyboard.press('Escape')
  await seen.until('it to go', () => seen.ids().length === 0)
})

test('two people type into one note, letter by letter', async (world) => {
  const { board, page: a, seen } = await opened(world, { n: note(300, 200, 'middle') })
  const b = await world.openBoard(board)
  await a.mouse.dblclick(400, 300)
  await b.mouse.dblclick(400, 300)
  await testId(a, 'text-editor').waitFor()
  await testId(b, 'text-editor').waitFor()
  await a.keyboard.press('Control+Home')
  await Promise.all([a.keyboard.type('abcdefgh ', { delay: 12 }), b.keyboard.type(' ijklmnop', { delay: 12 })])
  await seen.until('all letters', () => seen.get('n').text === 'abcdefgh middle ijklmnop')
  await until('A to see it', async () => (await testId(a, 'text-editor').textContent()) === 'abcdefgh middle ijklmnop')
  await until('B to see it', async () => (await testId(b, 'text-editor').textContent()) === 'abcdefgh middle ijklmnop')
  // Each goes on where they were.
  await a.keyboard.type('X')
  await b.keyboard.type('Y')
  await seen.until('both carets in place', () => seen.get('n').text === 'abcdefgh Xmiddle ijklmnopY')
  // And each takes back their own.
  await a.keyboard.press('Escape')
  await a.keyboard.press('Control+z')
  await seen.until('only what B typed', () => seen.get('n').text === 'middle ijklmnopY')
  await phase(a, 'saved')
})

test('keys typed into a field are not shortcuts', async (world) => {
  const { page } = await opened(world, THREE)
  await page.mouse.click(250, 250)
  await testId(page, 'board-title').click()
  await page.keyboard.type('Sprint r')
  await page.keyboard.press('Backspace')
  await page.keyboard.press('Enter')
  await until('the new title', async () => (await page.title()).startsWith('Sprint'))
  await canvas(page, { tool: 'select', elements: 3 })
})
