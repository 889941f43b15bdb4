// People on one board: who is there, what they do while they do it, and the truth about what is saved.
import assert from 'node:assert/strict'
import { canvas, drag, phase, pixel, statusOf, suite, take, testId, until } from './harness.mjs'
import { block, readBoard } from './outside.mjs'

const test = suite()

async function draw(page, x, y) {
  await take(page, 'r')
  await drag(page, [x, y], [x + 60, y + 60], { steps: 3 })
}

/** From here on the page writes down each phase it shows. */
const recordPhases = (page) =>
  page.evaluate(() => {
    const pill = document.querySelector('[data-testid=status]')
    const seen = []
    window.phasesSeen = seen
    const note = () => seen.push({ phase: pill.dataset.phase, unsaved: Number(pill.dataset.unsaved) })
    note()
    new MutationObserver(note).observe(pill, { attributes: true, attributeFilter: ['data-phase', 'data-unsaved'] })
  })

const phasesOf = async (page) => (await page.evaluate(() => window.phasesSeen)).map((one) => one.phase)

const opaque = ([, , , alpha]) => alpha > 100
const color = ([r, g, b]) => `#${[r, g, b].map((n) => n.toString(16).padStart(2, '0')).join('')}`

test('names and colours are seen by the others, and follow when they change', async ({ node, openBoard }) => {
  const board = await node.createBoard('People')
  const a = await openBoard(board)
  const b = await openBoard(board)
  await testId(b, 'peer').waitFor()
  await testId(a, 'me').click()
  await testId(a, 'me-name').fill('Ada Lovelace')
  await testId(a, 'me-color-6').click()
  await a.keyboard.press('Escape')
  const ada = b.locator('[data-testid=peer][data-name="Ada Lovelace"]')
  await ada.waitFor()
  await a.mouse.move(400, 300, { steps: 3 })
  // The tip of the arrow is where the pointer is; a little inside it there is the person's colour.
  await until('the cursor in Ada’s colour', async () => color(await pixel(b, [402, 307], 1)) === '#1d4ed8')

  await a.reload()
  await phase(a, 'saved')
  await testId(a, 'me').getByText('AL').waitFor()
  await ada.waitFor()

  await a.close()
  await ada.waitFor({ state: 'detached' })
  await canvas(b, { peers: 0 })
  assert.ok(!opaque(await pixel(b, [402, 307], 1)), 'the cursor is gone with its owner')
})

test('a cursor follows the other’s pointer, and is gone when that leaves the board', async ({ node, openBoard }) => {
  const board = await node.createBoard('Cursor')
  const a = await openBoard(board)
  const b = await openBoard(board)
  const cursorAt = (x, y) => until(`a cursor at ${x}, ${y}`, async () => opaque(await pixel(b, [x + 2, y + 7], 1)))
  await canvas(b, { peers: 1 })
  await a.mouse.move(300, 300)
  await cursorAt(300, 300)
  await a.mouse.move(700, 500, { steps: 4 })
  await cursorAt(700, 500)
  await until('the old place to be empty', async () => !opaque(await pixel(b, [302, 307], 1)))
  // B looks elsewhere: the cursor stands on the board, not on the screen.
  await b.mouse.move(600, 600)
  await b.mouse.wheel(0, 100)
  await cursorAt(700, 400)
  await a.mouse.move(640, 20)
  await until('it to go', async () => !opaque(await pixel(b, [702, 407], 1)))
})

test('the other’s selection and drag are seen before the button is let go', async ({ node, openBoard, outside }) => {
  const board = await node.createBoard('Live')
  const seen = await outside(board)
  seen.write({ a: block(200, 200, 100, 100, { fill: 'blue' }) })
  const a = await openBoard(board)
  const b = await openBoard(board)
  await canvas(a, { elements: 1 })
  await canvas(b, { elements: 1, peers: 1 })
  const blue = '#d0e4ff'
  assert.equal(color(await pixel(b, [250, 250])), blue)
  await a.mouse.click(250, 250)
  await until('the frame of A’s selection', async () => opaque(await pixel(b, [250, 200], 1)))

  await a.mouse.move(250, 250)
  await a.mouse.down()
  await a.mouse.move(550, 450, { steps: 6 })
  await until('B to see it there', async () => color(await pixel(b, [550, 450])) === blue)
  await until('and not here', async () => color(await pixel(b, [250, 250])) !== blue)
  assert.deepEqual(seen.get('a').box, [200, 200, 100, 100, 0], 'nothing is written while the button is down')
  await a.keyboard.press('Escape')
  await a.mouse.up()
  await until('B to see it back', async () => color(await pixel(b, [250, 250])) === blue)

  // A shape in the making is seen, too. A letter takes up a tool when nothing is selected.
  await a.keyboard.press('Escape')
  await a.keyboard.press('o')
  await a.mouse.move(700, 300)
  await a.mouse.down()
  await a.mouse.move(800, 400, { steps: 4 })
  await until('the ellipse in the making', async () => opaque(await pixel(b, [750, 300], 1)))
  assert.deepEqual(seen.ids(), ['a'])
  await a.mouse.up()
  await seen.until('the ellipse', () => seen.ids().length === 2)
})

test('the status counts what is unsaved while the server is away, and says saved only when it is', async ({ node, openBoard }) => {
  const board = await node.createBoard('Truth')
  const a = await openBoard(board)
  await draw(a, 200, 200)
  await phase(a, 'saved')
  await recordPhases(a)
  await node.kill()
  await phase(a, 'reconnecting', 'offline')
  assert.equal((await statusOf(a)).unsaved, 0)
  for (const x of [300, 400, 500]) await draw(a, x, 200)
  await until('three unsaved', async () => (await statusOf(a)).unsaved === 3)
  await phase(a, 'offline')
  await until('words for it', async () => (await statusOf(a)).text.includes('3 changes'))
  assert.ok(!(await phasesOf(a)).slice(1).includes('saved'), `${await phasesOf(a)}`)

  await node.start()
  await phase(a, 'saved')
  assert.equal((await statusOf(a)).unsaved, 0)
  const phases = await phasesOf(a)
  assert.equal(phases.lastIndexOf('saved'), phases.length - 1, 'saved is what it says last')
  await node.kill()
  await node.start()
  assert.equal(Object.keys(await readBoard(node, board)).length, 4, 'what was called saved is there')
})

test('a server that stands still is never said to have saved', async ({ node, openBoard }) => {
  const board = await node.createBoard('Still')
  const a = await openBoard(board)
  await draw(a, 200, 200)
  await phase(a, 'saved')
  await recordPhases(a)
  node.pause()
  for (const x of [300, 400, 500, 600]) {
    await draw(a, x, 200)
    const { phase: now, unsaved } = await statusOf(a)
    assert.notEqual(now, 'saved')
    assert.ok(unsaved > 0)
  }
  await phase(a, 'saving', 'reconnecting', 'offline')
  assert.ok(!(await phasesOf(a)).slice(1).includes('saved'), `${await phasesOf(a)}`)
  node.resume()
  await phase(a, 'saved')
  await node.kill()
  await node.start()
  assert.equal(Object.keys(await readBoard(node, board)).length, 5)
})

test('a board deleted elsewhere says so, offers the way back, and goes on once restored', async ({ node, openBoard }) => {
  const board = await node.createBoard('Doomed')
  const a = await openBoard(board)
  a.forgive(/status of 4(04|10)/)
  await draw(a, 200, 200)
  await phase(a, 'saved')
  await node.trashBoard(board)
  await testId(a, 'banner-gone').waitFor()
  await phase(a, 'gone')
  // Nothing can be drawn any more; what was drawn is still shown.
  await a.keyboard.press('r')
  await canvas(a, { elements: 1, tool: 'select' })
  await testId(a, 'restore-board').click()
  await phase(a, 'saved')
  await canvas(a, { elements: 1 })
  await draw(a, 400, 200)
  await phase(a, 'saved')
  assert.equal(Object.keys(await readBoard(node, board)).length, 2)

  await node.trashBoard(board)
  await testId(a, 'banner-gone').waitFor()
  await testId(a, 'go-home').click()
  await a.waitForURL(`${node.url}/`)
  await testId(a, 'empty').waitFor()
})

test('what the server refuses is set aside for its owner, and the board goes on', async ({ node, openPage, outside }) => {
  const board = await node.createBoard('Refused')
  const seen = await outside(board)
  seen.write({ a: block(200, 200) })
  const a = await openPage('/')
  // The next update that leaves this page is garbage: an update message whose payload is none.
  await a.addInitScript(() => {
    const send = WebSocket.prototype.send
    WebSocket.prototype.send = function (data) {
      const bytes = new Uint8Array(data.buffer ?? data)
      const spoil = window.spoilNext && bytes[0] === 0 && bytes[1] === 2
      if (spoil) window.spoilNext = false
      return send.call(this, spoil ? new Uint8Array([0, 2, 4, 255, 255, 255, 255]) : data)
    }
  })
  await a.goto(`${node.url}/b/${board}`)
  await phase(a, 'saved')
  await canvas(a, { elements: 1 })
  await a.evaluate(() => {
    window.spoilNext = true
  })
  await draw(a, 500, 400)
  await testId(a, 'banner-set-aside').waitFor()
  await phase(a, 'saved')
  await canvas(a, { elements: 1 })
  const [file] = await Promise.all([a.waitForEvent('download'), testId(a, 'download-set-aside').click()])
  assert.match(file.suggestedFilename(), /^easel-brd_.*\.yjs$/)
  await testId(a, 'dismiss-set-aside').click()
  await testId(a, 'banner-set-aside').waitFor({ state: 'detached' })
  await draw(a, 500, 400)
  await seen.until('what is drawn afterwards', () => seen.ids().length === 2)
  await phase(a, 'saved')
})

test('a page that was away with an old state overwrites nothing newer', async ({ node, openBoard, outside }) => {
  const board = await node.createBoard('Stale')
  const seen = await outside(board)
  seen.write({ a: block(200, 200), b: block(400, 200, 100, 100, { z: 'a1' }) })
  const a = await openBoard(board)
  await canvas(a, { elements: 2 })
  await a.context().setOffline(true)
  await phase(a, 'reconnecting', 'offline')
  // Meanwhile others move one thing and colour the other …
  seen.set('a', 'box', [200, 500, 100, 100, 0])
  seen.set('b', 'fill', 'green')
  seen.write({ c: block(700, 500, 100, 100, { z: 'a2' }) })
  // … and this page moves the second, which it knows only as it was.
  await drag(a, [450, 250], [450, 350])
  await until('unsaved', async () => (await statusOf(a)).unsaved > 0)
  await a.context().setOffline(false)
  await phase(a, 'saved')
  await seen.until('both to be there', () => seen.get('b').box[1] === 300)
  assert.equal(seen.get('b').fill, 'green')
  assert.deepEqual(seen.get('a').box, [200, 500, 100, 100, 0])
  await canvas(a, { elements: 3 })
})

test('two tabs of one person are one person’s board, also while the server is away', async ({ node, person, openBoard }) => {
  const board = await node.createBoard('Tabs')
  const one = await person()
  const a = await openBoard(board, { context: one })
  const b = await openBoard(board, { context: one })
  await a.bringToFront()
  await draw(a, 200, 200)
  await b.bringToFront()
  await canvas(b, { elements: 1 })
  await node.kill()
  await phase(a, 'reconnecting', 'offline')
  await phase(b, 'reconnecting', 'offline')
  await a.bringToFront()
  await draw(a, 400, 200)
  await b.bringToFront()
  await canvas(b, { elements: 2 })
  await draw(b, 600, 200)
  await a.bringToFront()
  await canvas(a, { elements: 3 })
  // One of them goes; what it drew stays with the other, and with the browser.
  await b.close()
  await node.start()
  await phase(a, 'saved')
  assert.equal(Object.keys(await readBoard(node, board)).length, 3)
})
