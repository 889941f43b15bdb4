/**
 * A real node and real pages in Chromium.
 *
 * `suite()` gives the `test` of a file. Each test has a node, a data folder and pages of its own, and fails as well when
 * one of its pages broke the content policy, complained to the console or asked another host for something. When a
 * test fails, its pages are photographed into `out/` and the node's last words are printed. Nothing that was started
 * outlives the process.
 */
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, before, test as nodeTest } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import assert from 'node:assert/strict'
import { chromium } from 'playwright-core'
import { outside } from './outside.mjs'

const here = dirname(fileURLToPath(import.meta.url))
const binary = process.env.TEST_EASEL ?? join(here, '../../target/debug/easel')
const LOG_LINES_KEPT = 40
/** For what takes a second where nothing else runs. */
const PATIENCE_MS = 60_000
const TEST_MS_MAX = 4 * PATIENCE_MS

/** Where screenshots go; not committed. */
export const out = join(here, 'out')

// ---- processes

const running = new Set()
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => process.exit(1))

/**
 * Starts a node on a folder of its own, with more words after `serve` if need be; `kill` is kill -9, `start` starts it
 * again on the same folder and port.
 */
export async function startNode(env = {}, words = []) {
  const folder = await mkdtemp(join(tmpdir(), 'easel-browser-'))
  const node = { folder, address: '127.0.0.1:0', child: null, log: [] }
  const keep = (chunk) => {
    node.log.push(...chunk.toString().split('\n').filter(Boolean))
    node.log.splice(0, node.log.length - LOG_LINES_KEPT)
  }
  node.start = async () => {
    const child = spawn(binary, ['serve', ...words, '--data-dir', folder, '--listen', node.address], {
      // Many people come from this one address, and make boards by the hundred. What a page asks for stays counted.
      env: {
        ...process.env,
        EASEL_LISTEN__OPS: '127.0.0.1:0',
        EASEL_RATE_LIMITS__AUTH: '0',
        EASEL_RATE_LIMITS__AUTH_ACCOUNT: '0',
        EASEL_RATE_LIMITS__WRITE: '0',
        ...env,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    running.add(child)
    child.once('exit', () => running.delete(child))
    node.child = child
    node.address = await new Promise((resolve, reject) => {
      let printed = ''
      const read = (chunk) => {
        keep(chunk)
        printed += chunk
        const found = /ready: http:\/\/([0-9.:]+)/.exec(printed)
        if (found) resolve(found[1])
      }
      child.stdout.on('data', read)
      child.stderr.on('data', read)
      child.once('error', reject)
      child.once('exit', (code, signal) => reject(new Error(`the node ended with ${code ?? signal}:\n${printed}`)))
    })
    node.url = `http://${node.address}`
  }
  node.isRunning = () => node.child.exitCode === null && node.child.signalCode === null
  node.kill = async () => {
    const ended = once(node.child, 'exit')
    node.child.kill('SIGKILL')
    await ended
  }
  /** The process stands still: its sockets stay open and nothing answers. */
  node.pause = () => node.child.kill('SIGSTOP')
  node.resume = () => node.child.kill('SIGCONT')
  node.stop = async () => {
    if (node.isRunning()) await node.kill()
    await rm(folder, { recursive: true, force: true })
  }
  /** What a command says that asks this node, such as `easel cluster status`. */
  node.command = async (...words) => {
    const asked = await promisify(execFile)(binary, [...words, '--data-dir', folder])
    return asked.stdout
  }
  node.ask = (method, path, body, headers = {}) =>
    fetch(`${node.url}/api/v1${path}`, {
      method,
      headers: { 'content-type': method === 'PATCH' ? 'application/merge-patch+json' : 'application/json', ...headers },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    })
  node.createBoard = async (title) => {
    const answer = await node.ask('POST', '/boards', { title })
    assert.equal(answer.status, 201)
    return (await answer.json()).id
  }
  node.trashBoard = async (board) => {
    const answer = await node.ask('DELETE', `/boards/${board}`, undefined, { 'if-match': '*' })
    assert.equal(answer.status, 204)
  }
  try {
    await node.start()
  } catch (failure) {
    await node.stop()
    throw failure
  }
  return node
}

export function launch(more = []) {
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      ...more,
    ],
  })
}

// ---- tests

/**
 * The `test` of one file: its tests share a browser and nothing else. `front` makes a proxy that stands before each
 * test's node, `args` are the browser's own, `env` is the node's.
 */
export function suite({ front, args, env } = {}) {
  let browser
  before(async () => {
    browser = await launch(args)
  })
  after(() => browser.close())
  return (name, run) => nodeTest(name, { timeout: TEST_MS_MAX + 20_000 }, () => inWorld(browser, name, run, { makeFront: front, env }))
}

async function inWorld(browser, name, run, { makeFront, env }) {
  const front = await makeFront?.()
  const node = await startNode({ ...env, ...front?.env })
  const pages = []
  const closing = []
  if (front !== undefined) {
    closing.push(() => front.remove())
    await front.lead(node.address)
    // From here on it is reached by no other way.
    node.url = front.url
    node.address = front.address
  }
  const world = {
    node,
    browser,
    /** A person: a browser context with a storage of its own, in the tests' browser or in another one. */
    async person(options = {}, inBrowser = browser) {
      const context = await inBrowser.newContext({ viewport: { width: 1280, height: 800 }, ...options })
      closing.push(() => context.close())
      return context
    },
    /** A page of a new person, or of the one given as `context`; `forgive` as its function does from here on. */
    async openPage(path = '/', { context, forgive, ...options } = {}) {
      const page = await watchedPage(context ?? (await world.person(options)), node)
      pages.push(page)
      if (forgive !== undefined) page.forgive(forgive)
      await page.goto(node.url + path)
      return page
    },
    /** Opens a board and waits until it is shown and up to date. */
    async openBoard(board, options) {
      const page = await world.openPage(`/b/${board}`, options)
      await phase(page, 'saved')
      return page
    },
    /** The board as another program sees it, over an unmodified y-websocket. */
    async outside(board) {
      const client = await outside(node, board)
      closing.push(() => client.close())
      return client
    },
  }
  let timer
  try {
    const late = new Promise((_, reject) => {
      timer = setTimeout(() => reject(new Error(`the test took longer than ${TEST_MS_MAX} ms`)), TEST_MS_MAX)
    })
    await Promise.race([run(world), late])
    for (const page of pages) page.assertClean()
  } catch (failure) {
    throw await explained(failure, name, node, pages)
  } finally {
    clearTimeout(timer)
    for (const close of closing.reverse()) await close()
    await node.stop()
  }
}

/** The failure, with what there was to see. */
async function explained(failure, name, node, pages) {
  mkdirSync(out, { recursive: true })
  const seen = []
  const slug = name.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-').slice(0, 60)
  for (const [at, page] of pages.entries()) {
    if (page.isClosed()) continue
    const file = join(out, `failed-${slug}-${at + 1}.png`)
    const taken = await page.screenshot({ path: file, timeout: 5_000 }).then(() => file, () => 'no picture')
    const state = await page
      .evaluate(() => ({
        status: { ...document.querySelector('[data-testid=status]')?.dataset },
        canvas: { ...document.querySelector('[data-testid=canvas]')?.dataset },
      }))
      .catch(() => ({}))
    seen.push(`page ${at + 1}: ${taken} ${JSON.stringify(state)}`, ...page.complaints)
  }
  const words = [`-- pages`, ...seen, `-- node${node.isRunning() ? '' : ' (not running)'}`, ...node.log]
  const error = failure instanceof Error ? failure : new Error(String(failure))
  console.error([`${name}: ${error.message}`, ...words].join('\n'))
  return error
}

/** Chromium itself reports a server that is down; the page is tested for saying so. */
const NETWORK_GONE = /net::ERR|WebSocket connection to|error occurred when fetching the script/

export async function watchedPage(context, node) {
  const page = await context.newPage()
  page.setDefaultTimeout(PATIENCE_MS)
  page.complaints = []
  const forgiven = []
  page.on('pageerror', (error) => page.complaints.push(`uncaught: ${error.stack ?? error.message}`))
  page.on('console', (message) => {
    const text = message.text()
    if (message.type() !== 'error' || NETWORK_GONE.test(text)) return
    if (!forgiven.some((pattern) => pattern.test(text))) page.complaints.push(`console: ${text} (${message.location().url})`)
  })
  page.on('request', (request) => {
    const { host, protocol } = new URL(request.url())
    if (/^(http|ws)s?:$/.test(protocol) && host !== node.address) page.complaints.push(`request to ${request.url()}`)
  })
  page.on('websocket', (socket) => {
    if (new URL(socket.url()).host !== node.address) page.complaints.push(`socket to ${socket.url()}`)
  })
  await page.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', (event) => {
      console.error(`policy: ${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}:${event.lineNumber}`)
    })
  })
  /** What Chromium reports of an answer that the test asks for, such as a 404. */
  page.forgive = (pattern) => forgiven.push(pattern)
  page.assertClean = () => assert.deepEqual(page.complaints, [])
  return page
}

// ---- waiting

/** Asks until `ask` gives something true. */
export async function until(what, ask, patience_ms = PATIENCE_MS) {
  const begun = Date.now()
  for (;;) {
    const answer = await ask()
    if (answer) return answer
    if (Date.now() - begun > patience_ms) assert.fail(`waited ${patience_ms} ms for ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 15))
  }
}

export function phase(page, ...wanted) {
  const any = wanted.map((one) => `[data-testid=status][data-phase=${one}]`).join(',')
  return page.waitForSelector(any, { timeout: PATIENCE_MS, state: 'attached' })
}

export const statusOf = (page) =>
  page.$eval('[data-testid=status]', (node) => ({
    phase: node.dataset.phase,
    unsaved: Number(node.dataset.unsaved),
    text: node.textContent,
  }))

/** What the canvas tells of itself: `elements`, `selected`, `tool`, `zoom`, `peers`. */
export async function canvas(page, wanted) {
  const text = Object.entries(wanted).map(([key, value]) => `[data-${key}="${value}"]`).join('')
  await page.waitForSelector(`[data-testid=canvas]${text}`, { timeout: PATIENCE_MS, state: 'attached' }).catch(async (failure) => {
    const now = await page.$eval('[data-testid=canvas]', (node) => ({ ...node.dataset })).catch(() => failure.message)
    assert.fail(`the canvas is to say ${JSON.stringify(wanted)}; it says ${JSON.stringify(now)}`)
  })
}

// ---- hands

/** Presses, moves in steps and lets go, as a hand does. */
export async function drag(page, from, to, { steps = 8, button = 'left' } = {}) {
  await page.mouse.move(from[0], from[1])
  await page.mouse.down({ button })
  await page.mouse.move(to[0], to[1], { steps })
  await page.mouse.up({ button })
}

/** Takes up a tool by its letter: with a shape or a note selected that would be written in it. */
export async function take(page, letter) {
  await page.keyboard.press('Escape')
  await page.keyboard.press(letter)
}

/** Does something with a key held down. */
export async function holding(page, key, act) {
  await page.keyboard.down(key)
  await act()
  await page.keyboard.up(key)
}

export const testId = (page, id) => page.locator(`[data-testid="${id}"]`)

/** The colour of a pixel of the board (0) or of what lies over it (1), as [r, g, b, a]. */
export const pixel = (page, [x, y], layer = 0) =>
  page.evaluate(
    ([px, py, at]) => {
      const found = document.querySelectorAll('[data-testid=canvas] canvas')[at]
      const density = found.width / found.clientWidth
      return [...found.getContext('2d').getImageData(px * density, py * density, 1, 1).data]
    },
    [x, y, layer],
  )

export const byType = (elements, type) => Object.values(elements).filter((element) => element.type === type)
