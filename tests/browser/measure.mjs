/**
 * How fast a large board is, on this machine: `node tests/browser/measure.mjs [elements]`. It fails on nothing; compare
 * figures of one machine only, with nothing else running.
 *
 * Drawn frames are those the compositor put on the screen, from trace events, during five seconds of real wheel events.
 */
import { request } from 'node:http'
import { launch, startNode } from './harness.mjs'
import { block, note, outside, zKey } from './outside.mjs'

const COUNT = Number(process.argv[2] ?? 10_000)
const CELL = 260
const WHEEL_MS = 5_000
const BATCH = 250
const COLORS = ['red', 'orange', 'yellow', 'green', 'teal', 'blue', 'violet', 'pink', 'grey', 'brown']

const node = await startNode()
const browser = await launch()
try {
  await main()
} finally {
  await browser.close()
  await node.stop()
}

async function main() {
  const board = await node.createBoard(`${COUNT} elements`)
  const written = performance.now()
  await fill(board)
  report('elements', COUNT, `written by another program in ${Math.round(performance.now() - written)} ms`)

  const context = await browser.newContext({ viewport: { width: 1280, height: 800 } })
  const empty = await node.createBoard('Nothing')
  await load(context, empty, 0, 'load an empty board, first visit')
  await load(context, empty, 0, 'load an empty board again')
  await load(context, board, COUNT, 'load to saved')
  const page = await load(context, board, COUNT, 'load to saved, kept by the browser')
  const dev = await context.newCDPSession(page)
  await dev.send('Performance.enable')
  report('JavaScript', `${((await scriptBytes(page)) / 1024).toFixed(0)} KiB`, 'gzipped, of the board page')
  report('heap', `${(await heapBytes(dev) / 2 ** 20).toFixed(1)} MiB`, 'after collection')

  await page.mouse.move(640, 400)
  await pan(page, dev, 'pan at 100 %', [9, 7])
  const asked = performance.now()
  const paints = await page.getAttribute('[data-testid=canvas]', 'data-paints')
  await page.keyboard.press('Shift+Digit1')
  await page.waitForFunction((before) => document.querySelector('[data-testid=canvas]').dataset.paints !== before, paints)
  report('first view of the overview', `${Math.round(performance.now() - asked)} ms`, 'from the key to the paint, both ways through the driver')
  await pan(page, dev, 'pan with all in view', [2, 1])
}

/** In a new tab; the one before it is closed. */
async function load(context, board, count, name) {
  for (const old of context.pages()) await old.close()
  const page = await context.newPage()
  await page.addInitScript(markWhenReady, count)
  await page.goto(`${node.url}/b/${board}`)
  const ready = await page.waitForFunction(() => window.readyAt, undefined, { timeout: 60_000 })
  report(name, `${Math.round(await ready.jsonValue())} ms`, 'from the start of the navigation to a frame after all is painted and saved')
  return page
}

/** A grid of everything there is, as another program would write it. */
async function fill(board) {
  const client = await outside(node, board)
  const side = Math.ceil(Math.sqrt(COUNT))
  for (let from = 0; from < COUNT; from += BATCH) {
    const batch = {}
    for (let at = from; at < Math.min(from + BATCH, COUNT); at += 1) {
      batch[`m${at}`] = { ...elementAt(at, (at % side) * CELL, Math.floor(at / side) * CELL), z: zKey(at) }
    }
    client.write(batch)
  }
  client.close()
  // Until another client gets all of it.
  const reader = await outside(node, board)
  await reader.until('all elements', () => reader.ids().length === COUNT)
  reader.close()
}

function elementAt(at, x, y) {
  const color = COLORS[at % COLORS.length]
  switch (at % 10) {
    case 0:
    case 1:
      return note(x, y, `Note ${at}: something somebody wanted to remember`, { fill: color })
    case 2:
    case 3:
      return { type: 'text', box: [x, y + 80, 180, 25, 0], text: `Words in a row, ${at}` }
    case 4:
      return { type: 'pen', box: [x, y, 200, 120, 0], data: scribble(200, 120, 48), stroke: color }
    case 5:
      return { type: 'line', box: [x, y, 200, 150, 0], data: { from: [0, 0], to: [1, 1], from_head: 'none', to_head: 'arrow' } }
    case 6:
      return block(x, y, 200, 140, { kind: 'ellipse', fill: color, text: `Ellipse ${at}` })
    case 7:
      return block(x, y, 200, 180, { kind: 'diamond', fill: 'none', stroke: color, text: `Is it ${at}?` })
    default:
      return block(x, y, 200, 120, { fill: at % 3 === 0 ? 'none' : color, stroke: color, text: `Step ${at} of many` })
  }
}

/** Packed as the schema has it: version, flags, size, count, zigzag steps of an eighth of a pixel. */
function scribble(w, h, points) {
  const bytes = []
  const varuint = (n) => {
    for (; n > 127; n >>>= 7) bytes.push((n & 127) | 128)
    bytes.push(n)
  }
  const zigzag = (n) => varuint(n < 0 ? -2 * n - 1 : 2 * n)
  varuint(points)
  let [lastX, lastY] = [0, 0]
  for (let i = 0; i < points; i += 1) {
    const x = Math.round(((w * i) / (points - 1)) * 8)
    const y = Math.round((h / 2) * (1 + Math.sin(i / 3)) * 8)
    zigzag(x - lastX)
    zigzag(y - lastY)
    ;[lastX, lastY] = [x, y]
  }
  const head = new DataView(new ArrayBuffer(10))
  head.setUint8(0, 1)
  head.setFloat32(2, w, true)
  head.setFloat32(6, h, true)
  return new Uint8Array([...new Uint8Array(head.buffer), ...bytes])
}

/** In the page: when the board is saved and a frame after all of its elements are painted. */
function markWhenReady(count) {
  const look = () => {
    const saved = document.querySelector('[data-testid=status][data-phase=saved]')
    const full = document.querySelector(`[data-testid=canvas][data-elements="${count}"]`)
    if (saved && full) requestAnimationFrame(() => (window.readyAt = performance.now()))
    else requestAnimationFrame(look)
  }
  look()
}

async function pan(page, dev, name, [dx, dy]) {
  await browser.startTracing(page, { categories: ['disabled-by-default-devtools.timeline', 'devtools.timeline.frame', 'disabled-by-default-devtools.timeline.frame', 'viz', 'cc'] })
  const before = await metrics(dev)
  const begun = performance.now()
  const sent = []
  let turn = 0
  while (performance.now() - begun < WHEEL_MS) {
    // There and back, so that the view stays on the board.
    const way = Math.floor(turn / 90) % 2 === 0 ? 1 : -1
    sent.push(dev.send('Input.dispatchMouseEvent', { type: 'mouseWheel', x: 640, y: 400, deltaX: dx * way, deltaY: dy * way }))
    turn += 1
    await new Promise((resolve) => setTimeout(resolve, begun + turn * 16.6 - performance.now()))
  }
  await Promise.all(sent)
  const seconds = (performance.now() - begun) / 1000
  const after = await metrics(dev)
  const drawn = drawnFrames(await browser.stopTracing())
  const gaps = drawn.slice(1).map((at, i) => at - drawn[i]).sort((a, b) => a - b)
  const p95 = gaps[Math.floor(gaps.length * 0.95)] ?? NaN
  const script = ((after.ScriptDuration - before.ScriptDuration) * 1000) / Math.max(1, drawn.length)
  report(name, `${(drawn.length / seconds).toFixed(1)} drawn frames/s`, `p95 ${p95.toFixed(1)} ms, script ${script.toFixed(2)} ms per frame, ${turn} wheel events`)
}

/** When the compositor drew, in ms. */
function drawnFrames(trace) {
  const events = JSON.parse(trace.toString()).traceEvents
  const swaps = events.filter(({ name, ph }) => name === 'Display::DrawAndSwap' && ph !== 'E')
  const found = swaps.length > 0 ? swaps : events.filter(({ name }) => name === 'DrawFrame')
  return found.map(({ ts }) => ts / 1000).sort((a, b) => a - b)
}

async function metrics(dev) {
  const { metrics: all } = await dev.send('Performance.getMetrics')
  return Object.fromEntries(all.map(({ name, value }) => [name, value]))
}

async function heapBytes(dev) {
  await dev.send('HeapProfiler.collectGarbage')
  return (await metrics(dev)).JSHeapUsedSize
}

async function scriptBytes(page) {
  const urls = await page.evaluate(() =>
    performance.getEntriesByType('resource').map((one) => one.name).filter((name) => name.endsWith('.js')),
  )
  const sizes = await Promise.all([...new Set(urls)].map(gzippedSize))
  return sizes.reduce((sum, size) => sum + size, 0)
}

function gzippedSize(url) {
  return new Promise((resolve, reject) => {
    request(url, { headers: { 'accept-encoding': 'gzip' } }, (answer) => {
      let size = 0
      answer.on('data', (chunk) => (size += chunk.length))
      answer.on('end', () => resolve(size))
      answer.on('error', reject)
    })
      .on('error', reject)
      .end()
  })
}

function report(what, figure, how) {
  console.log(`${what.padEnd(42)} ${String(figure).padStart(20)}   ${how}`)
}
