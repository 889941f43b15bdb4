// Behind a proxy that lets no WebSocket through: a real nginx, configured as people first do.
import assert from 'node:assert/strict'
import { canvas, drag, phase, statusOf, suite, take, testId, until } from './harness.mjs'
import { UPGRADES, startNginx } from './nginx.mjs'
import { readBoard } from './outside.mjs'

const test = suite()

/** A test with a proxy before its node. */
function testBehind(upgrades, name, run) {
  test(name, async (world) => {
    const nginx = await startNginx(world.node, upgrades)
    const pages = []
    const openBehind = async (board, context) => {
      const page = await (context ?? (await world.person())).newPage()
      page.setDefaultTimeout(60_000)
      page.on('pageerror', (error) => pages.push(`uncaught: ${error.stack ?? error.message}`))
      await page.goto(`${nginx.url}/b/${board}`)
      await phase(page, 'saved')
      return page
    }
    try {
      await run({ ...world, nginx, openBehind })
      assert.deepEqual(pages, [])
    } finally {
      await nginx.remove()
    }
  })
}

async function draw(page, x, y = 200) {
  await take(page, 'r')
  await drag(page, [x, y], [x + 40, y + 60], { steps: 3 })
}

/** The pill's tooltip says so. */
const isSlow = async (page) => (await testId(page, 'status').getAttribute('data-tip')).includes('a slower way')

async function metric(node, series) {
  const text = await (await fetch(`${node.url}/metrics`)).text()
  const line = text.split('\n').find((one) => one.startsWith(`${series} `))
  return line === undefined ? null : Number(line.slice(series.length))
}

const streams = (node) => metric(node, 'easel_sse_streams')
const sockets = (node) => metric(node, 'easel_ws_connections{kind="easel"}')

testBehind(
  UPGRADES.unsaid,
  'a page that no WebSocket reaches works all the same, and goes back to one when it can',
  async ({ node, nginx, openBoard, openBehind }) => {
    const board = await node.createBoard('Behind')
    const a = await openBehind(board)
    const b = await openBoard(board)
    assert.ok(await isSlow(a))
    assert.equal(await isSlow(b), false)
    await canvas(a, { peers: 1 })
    await canvas(b, { peers: 1 })
    await draw(a, 200)
    await canvas(b, { elements: 1 })
    await draw(b, 300)
    await canvas(a, { elements: 2 })
    await phase(a, 'saved')
    assert.equal((await statusOf(a)).unsaved, 0)
    assert.equal(await streams(node), 1)

    nginx.reload(UPGRADES.let_through)
    // Whoever draws meanwhile loses nothing.
    let drawn = 2
    await until(
      'the page to go back',
      async () => {
        await draw(a, 150 + ((drawn * 50) % 800), 350)
        drawn += 1
        return !(await isSlow(a))
      },
      60_000,
    )
    await draw(a, 200, 500)
    drawn += 1
    await phase(a, 'saved')
    await canvas(b, { elements: drawn })
    await canvas(a, { elements: drawn, peers: 1 })
    await canvas(b, { peers: 1 })
    assert.equal(Object.keys(await readBoard(node, board)).length, drawn)
    await until('one socket each', async () => (await streams(node)) === 0 && (await sockets(node)) === 2)

    // And on the slow way again, when the proxy forgets how.
    await nginx.stop()
    await phase(a, 'reconnecting', 'offline')
    await draw(a, 400, 500)
    await nginx.start(UPGRADES.cut)
    await until('the slower way', () => isSlow(a), 60_000)
    await phase(a, 'saved')
    await canvas(b, { elements: drawn + 1 })
  },
)

testBehind(
  UPGRADES.cut,
  'what is drawn behind a proxy survives the server and a reload without it',
  async ({ node, openBehind }) => {
    const board = await node.createBoard('Killed')
    const a = await openBehind(board)
    await draw(a, 200)
    await phase(a, 'saved')
    await a.evaluate(async () => {
      await navigator.serviceWorker.ready
    })
    await node.kill()
    await phase(a, 'reconnecting', 'offline')
    await draw(a, 300)
    await until('1 unsaved', async () => (await statusOf(a)).unsaved === 1)
    await a.reload()
    await canvas(a, { elements: 2 })
    assert.ok((await statusOf(a)).unsaved > 0)
    await node.start()
    await phase(a, 'saved')
    await until('the slower way', () => isSlow(a))
    assert.equal(Object.keys(await readBoard(node, board)).length, 2)
  },
)

testBehind(
  UPGRADES.unsaid,
  'three tabs of one browser share the few connections that HTTP gives them',
  async ({ node, person, openBehind }) => {
    const board = await node.createBoard('Tabs')
    const one = await person()
    const tabs = []
    for (let n = 0; n < 3; n++) tabs.push(await openBehind(board, one))
    for (const [at, tab] of tabs.entries()) {
      await tab.bringToFront()
      assert.ok(await isSlow(tab))
      await draw(tab, 200 + at * 100)
      await phase(tab, 'saved')
    }
    for (const tab of tabs) {
      await tab.bringToFront()
      await canvas(tab, { elements: 3 })
    }
    assert.equal(await streams(node), 3)
    await tabs[0].close()
    await until('the closed tab to be gone at once', async () => (await streams(node)) === 2, 20_000)
  },
)

testBehind(
  UPGRADES.unsaid,
  'a tab too many waits for its turn, and keeps no other from saving',
  async ({ node, nginx, person, openBehind }) => {
    const board = await node.createBoard('Many')
    const one = await person()
    const tabs = []
    for (let n = 0; n < 5; n++) tabs.push(await openBehind(board, one))
    const last = await one.newPage()
    await last.goto(`${nginx.url}/b/${board}`)
    await phase(last, 'reconnecting', 'offline')
    await tabs[0].bringToFront()
    await draw(tabs[0], 300)
    await phase(tabs[0], 'saved')
    assert.equal(await streams(node), 5)
    await tabs[1].close()
    await last.bringToFront()
    await phase(last, 'saved')
    await canvas(last, { elements: 1 })
  },
)

testBehind(UPGRADES.unsaid, 'a board that is deleted is gone on the slower way too', async ({ node, openBehind }) => {
  const board = await node.createBoard('Gone')
  const a = await openBehind(board)
  assert.ok(await isSlow(a))
  await node.trashBoard(board)
  await phase(a, 'gone')
})
