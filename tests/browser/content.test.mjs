// The content of a large board, loaded compressed while the page's scripts come.
import assert from 'node:assert/strict'
import { canvas, drag, phase, suite, testId, until } from './harness.mjs'
import { fill } from './measure/board.mjs'
import { slowLine } from './measure/link.mjs'
import { readBoard } from './outside.mjs'
import { fill as fillIn, open, PASSWORD, setupPath } from './people.mjs'

const test = suite()

const COUNT = 3_000
const TALK_BYTES = 8_000
/** A fold that found the store busy is tried again after a minute. */
const FOLDED_WITHIN_MS = 130_000
const BODY = /\/api\/v1\/boards\/brd_[0-9a-z]+\/ydoc\?part=body$/

/** A board that the server has folded into a body, how large that is, and how much is not in it. */
async function large(node) {
  const board = await node.createBoard('Large')
  await fill(node, board, COUNT)
  const bytes = await ready(node, board, 'identity')
  // As a page asks for it: made ready once, then given at once.
  await ready(node, board, 'br')
  const whole = await fetch(`${node.url}/api/v1/boards/${board}/ydoc`)
  // What was drawn after the body was made comes over the WebSocket, and what is said beside it.
  const rest = (await whole.arrayBuffer()).byteLength - bytes + TALK_BYTES
  return { board, bytes, rest }
}

/** The node may take its time to fold and to compress; whoever asks before is told that there is nothing. */
async function ready(node, board, coding) {
  const body = await until('the content', async () => {
    const headers = { 'accept-encoding': coding }
    const answer = await fetch(`${node.url}/api/v1/boards/${board}/ydoc?part=body`, { headers })
    return answer.status === 200 && answer
  }, FOLDED_WITHIN_MS)
  return (await body.arrayBuffer()).byteLength
}

/** Counts what comes over its WebSockets. */
function watchSockets(page) {
  const came = { bytes: 0 }
  page.on('websocket', (socket) => socket.on('framereceived', ({ payload }) => (came.bytes += payload.length)))
  return came
}

/** In this order: what was just drawn may not be counted as unsaved yet. */
async function isWhole(page, elements = COUNT) {
  await canvas(page, { elements })
  await phase(page, 'saved')
}

test('over a slow line a large board comes compressed, and only what is new over the WebSocket', async ({ node, person }) => {
  const { board, bytes, rest } = await large(node)
  const line = await slowLine(node, { bitsPerSecond: 8_000_000, roundTrip_ms: 50 })
  try {
    const page = await (await person()).newPage()
    const came = watchSockets(page)
    await page.goto(`${line.url}/b/${board}`)
    await isWhole(page)
    const [loaded] = await page.evaluate(() =>
      performance.getEntriesByType('resource').filter(({ name }) => name.includes('/ydoc')).map((one) => one.toJSON()),
    )
    assert.ok(loaded.decodedBodySize >= bytes)
    assert.ok(loaded.encodedBodySize < loaded.decodedBodySize / 3, `${loaded.encodedBodySize} of ${bytes} bytes`)
    assert.ok(came.bytes < rest, `${came.bytes} bytes came over the WebSocket, ${rest} were to come`)
  } finally {
    await line.close()
  }
})

test('what is drawn on a board that came that way is saved, and there for the next', async ({ node, openBoard }) => {
  const { board } = await large(node)
  const page = await openBoard(board)
  await isWhole(page)
  await page.keyboard.press('r')
  await drag(page, [900, 600], [960, 660], { steps: 3 })
  await isWhole(page, COUNT + 1)
  assert.equal(Object.keys(await readBoard(node, board)).length, COUNT + 1)
  await isWhole(await openBoard(board), COUNT + 1)
})

test('who has an account is given it on their own behalf', async (world) => {
  const { node } = world
  const { board, rest } = await large(node)
  const page = await open(world, await setupPath(node))
  await fillIn(page, { name: 'Ada', email: 'ada@example.org', password: PASSWORD })
  await testId(page, 'submit').click()
  await testId(page, 'user-menu').waitFor()
  const came = watchSockets(page)
  const answered = page.waitForResponse(BODY)
  await page.goto(`${node.url}/b/${board}`)
  const answer = await answered
  assert.match((await answer.request().allHeaders()).authorization ?? '', /^Bearer /)
  await isWhole(page)
  assert.equal(answer.status(), 200)
  assert.ok(came.bytes < rest, `${came.bytes} bytes came over the WebSocket, ${rest} were to come`)
})

for (const [how, answer] of [
  ['fails', (route) => route.abort('connectionreset')],
  ['is an error', (route) => route.fulfill({ status: 500, body: 'no' })],
  ['is no update', (route) => route.fulfill({ status: 200, headers: { 'easel-body-seq': '7' }, body: 'no' })],
  ['never comes', () => {}],
]) {
  test(`when the content ${how} the WebSocket brings all of it`, async ({ node, person, openPage }) => {
    const board = await node.createBoard('Large')
    await fill(node, board, COUNT)
    const bytes = (await (await fetch(`${node.url}/api/v1/boards/${board}/ydoc`)).arrayBuffer()).byteLength
    const context = await person()
    await context.route(BODY, answer)
    const page = await openPage('/', { context })
    page.forgive(/status of 500/)
    const came = watchSockets(page)
    await page.goto(`${node.url}/b/${board}`)
    await isWhole(page)
    assert.ok(came.bytes >= bytes, `${came.bytes} bytes came over the WebSocket`)
  })
}
