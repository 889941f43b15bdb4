// A real node and real pages in Chromium.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import assert from 'node:assert/strict'
import { chromium } from 'playwright-core'
import WebSocket from 'ws'
import * as Y from 'yjs'
import { WebsocketProvider } from 'y-websocket'

const root = join(dirname(fileURLToPath(import.meta.url)), '../..')
const binary = process.env.TEST_EASEL ?? join(root, 'target/debug/easel')

/** Starts a node on a folder of its own; `kill` is kill -9, `start` starts it again on the same folder and port. */
export async function startNode(env = {}) {
  const folder = await mkdtemp(join(tmpdir(), 'easel-browser-'))
  const node = { folder, address: '127.0.0.1:0', child: null }
  node.start = async () => {
    const child = spawn(binary, ['serve', '--data-dir', folder, '--listen', node.address], {
      env: { ...process.env, EASEL_LISTEN__OPS: '127.0.0.1:0', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    node.child = child
    node.address = await new Promise((resolve, reject) => {
      let printed = ''
      const read = (chunk) => {
        printed += chunk
        const found = /ready: http:\/\/([0-9.:]+)/.exec(printed)
        if (found) resolve(found[1])
      }
      child.stdout.on('data', read)
      child.stderr.on('data', read)
      child.once('exit', (code) => reject(new Error(`the node ended with ${code}:\n${printed}`)))
    })
    node.url = `http://${node.address}`
  }
  node.kill = async () => {
    const ended = once(node.child, 'exit')
    node.child.kill('SIGKILL')
    await ended
  }
  node.stop = async () => {
    if (node.child.exitCode === null && node.child.signalCode === null) await node.kill()
    await rm(folder, { recursive: true, force: true })
  }
  node.createBoard = async (title) => {
    const answer = await fetch(`${node.url}/api/v1/boards`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ title }),
    })
    assert.equal(answer.status, 201)
    return (await answer.json()).id
  }
  await node.start()
  return node
}

export function launch() {
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
    ],
  })
}

/**
 * A page of a person of its own, watched: a violation of the content policy, an uncaught error or a request to another
 * host fails the test that calls `page.assertClean()`.
 */
export async function openPage(browser, url, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options })
  const page = await context.newPage()
  const complaints = []
  const own = new URL(url).host
  page.on('pageerror', (error) => complaints.push(`uncaught: ${error.message}`))
  page.on('console', (message) => {
    const text = message.text()
    // Chromium itself reports a server that is down; the page is tested for saying so.
    if (message.type() === 'error' && !/ERR_CONNECTION_REFUSED|ERR_INTERNET_DISCONNECTED|ERR_CONNECTION_RESET|net::ERR|WebSocket connection to/.test(text)) {
      complaints.push(`console: ${text}`)
    }
  })
  page.on('request', (request) => {
    const { host, protocol } = new URL(request.url())
    if (/^(http|ws)s?:$/.test(protocol) && host !== own) complaints.push(`request to ${request.url()}`)
  })
  await page.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', (event) => {
      console.error(`policy: ${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}:${event.lineNumber}`)
    })
  })
  page.assertClean = () => assert.deepEqual(complaints, [])
  await page.goto(url)
  return page
}

/** Opens a board and waits until it is shown and up to date. */
export async function openBoard(browser, node, board, options) {
  const page = await openPage(browser, `${node.url}/b/${board}`, options)
  await phase(page, 'saved')
  return page
}

export function phase(page, wanted) {
  return page.waitForSelector(`[data-testid=status][data-phase=${wanted}]`, { timeout: 30_000, state: 'attached' })
}

/** The board's document as another program reads it, over an unmodified y-websocket. */
export async function readBoard(node, board) {
  const doc = new Y.Doc()
  const provider = new WebsocketProvider(`ws://${node.address}/sync`, board, doc, { WebSocketPolyfill: WebSocket, disableBc: true })
  if (!provider.synced) await new Promise((resolve) => provider.once('sync', resolve))
  const elements = doc.getMap('elements').toJSON()
  provider.destroy()
  doc.destroy()
  return elements
}

/** Asks until `ask` gives something true. */
export async function until(what, ask, patience_ms = 30_000) {
  const begun = Date.now()
  for (;;) {
    const answer = await ask()
    if (answer) return answer
    if (Date.now() - begun > patience_ms) assert.fail(`waited ${patience_ms} ms for ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

export const byType = (elements, type) => Object.values(elements).filter((element) => element.type === type)

/** Presses, moves in steps and lets go, as a hand does. */
export async function drag(page, from, to, steps = 8) {
  await page.mouse.move(from[0], from[1])
  await page.mouse.down()
  await page.mouse.move(to[0], to[1], { steps })
  await page.mouse.up()
}
