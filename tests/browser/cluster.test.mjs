// Three nodes from the files in config/cluster, one board opened through each: what is drawn through one is seen through
// all, and nothing of it is lost when the node that leads is killed.
import assert from 'node:assert/strict'
import { mkdirSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { drag, launch, out, phase, startNode, take, until, watchedPage } from './harness.mjs'
import { readBoard } from './outside.mjs'

const files = join(dirname(fileURLToPath(import.meta.url)), '../../config/cluster')
const PATIENCE_MS = 60_000

test('what is drawn through three nodes is whole after the leader is killed', { timeout: 400_000 }, async () => {
  const closing = []
  try {
    await drawThroughAll(closing)
  } finally {
    for (const close of closing.reverse()) await close()
  }
})

async function drawThroughAll(closing) {
  const nodes = await startCluster(closing)
  const board = await nodes[0].createBoard('On three nodes')
  const browser = await launch()
  closing.push(() => browser.close())
  const pages = []
  for (const node of nodes) pages.push(await open(browser, node, board))

  const columns = [200, 560, 920]
  for (const row of [180, 320]) {
    for (const [at, page] of pages.entries()) await draw(page, columns[at], row)
  }
  for (const page of pages) await shows(page, 6)

  const leader = await leaderOf(nodes)
  // While somebody draws through another node.
  const [first, second] = [0, 1, 2].filter((at) => at !== leader)
  await Promise.all([nodes[leader].kill(), draw(pages[first], columns[first], 460)])
  await draw(pages[second], columns[second], 460)
  for (const at of [first, second]) await savedAndShows(pages[at], 8)
  await picture(pages[first], 'cluster-leader-killed')

  // What was drawn on the page whose node is gone is still there, and goes in when the node is back.
  await draw(pages[leader], columns[leader], 460)
  await nodes[leader].start()
  for (const page of pages) await savedAndShows(page, 9)
  for (const [at, page] of pages.entries()) await picture(page, `cluster-node-${at + 1}`)

  const boards = await until('the same board on all nodes', async () => {
    const seen = await Promise.all(nodes.map((node) => readBoard(node, board)))
    return seen.every((one) => Object.keys(one).length === 9 && same(one, seen[0])) && seen
  }, PATIENCE_MS)
  const places = Object.values(boards[0]).map(({ box }) => box.slice(2, 4))
  assert.equal(new Set(places.map(String)).size, 1, 'all are of one size')
  for (const page of pages) {
    // A page whose node is gone goes to the others, and to nobody else.
    const elsewhere = page.complaints.filter((complaint) => !nodes.some(({ address }) => complaint.includes(`//${address}/`)))
    assert.deepEqual(elsewhere, [])
  }
}

const same = (a, b) => {
  try {
    assert.deepEqual(a, b)
    return true
  } catch {
    return false
  }
}

/** Starts the three, each on a folder and ports of its own, and lets the second and third in by a token. */
async function startCluster(closing) {
  // Addresses of loopback that nobody else uses.
  const peers = (id) => `127.${210 + ((process.pid >> 8) % 40)}.${process.pid % 256}.${id}:7080`
  const home = await mkdtemp(join(tmpdir(), 'easel-tokens-'))
  closing.push(() => rm(home, { recursive: true, force: true }))
  const nodes = []
  for (const id of [1, 2, 3]) {
    const env = { EASEL_LISTEN__PEERS: peers(id) }
    if (id > 1) {
      env.EASEL_CLUSTER__JOIN = [1, 2, 3].filter((other) => other !== id).map(peers).join(',')
      env.EASEL_CLUSTER__JOIN_TOKEN_FILE = join(home, `token-${id}`)
      await writeFile(env.EASEL_CLUSTER__JOIN_TOKEN_FILE, await nodes[0].command('cluster', 'join-token'))
    }
    const node = await startNode(env, ['--config', join(files, `node-${id}.toml`)])
    closing.push(() => node.stop())
    nodes.push(node)
  }
  await until('all to vote', async () => (await status(nodes[0])).nodes.filter(({ role }) => role === 'voter').length === 3, PATIENCE_MS)
  return nodes
}

const status = async (node) => JSON.parse(await node.command('cluster', 'status', '--json'))

const leaderOf = (nodes) =>
  until('a leader', async () => {
    const { leader } = await status(nodes[0])
    return leader && { at: leader - 1 }
  }, PATIENCE_MS).then(({ at }) => at)

async function open(browser, node, board) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 } })
  const page = await watchedPage(context, node)
  // A node that looks for a leader, or for its own way back, says so.
  page.forgive(/status of 50[234]/)
  await page.goto(`${node.url}/b/${board}`)
  await phase(page, 'saved')
  return page
}

async function draw(page, x, y) {
  await take(page, 'r')
  await drag(page, [x, y], [x + 100, y + 80], { steps: 3 })
}

const shows = (page, elements) =>
  page.waitForSelector(`[data-testid=canvas][data-elements="${elements}"]`, { timeout: PATIENCE_MS, state: 'attached' })

async function savedAndShows(page, elements) {
  await shows(page, elements)
  await page.waitForSelector('[data-testid=status][data-phase=saved]', { timeout: PATIENCE_MS, state: 'attached' })
}

async function picture(page, name) {
  mkdirSync(out, { recursive: true })
  await page.screenshot({ path: join(out, `${name}.png`) })
}
