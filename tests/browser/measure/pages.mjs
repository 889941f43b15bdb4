/** What a page is asked while it is measured. */
import { request } from 'node:http'

const OPEN_MS_MAX = 120_000
const WHEEL_MS = 5_000
const FRAME_MS = 1000 / 60
const TRACED = [
  'devtools.timeline',
  'disabled-by-default-devtools.timeline',
  'disabled-by-default-devtools.timeline.frame',
  'devtools.timeline.frame',
  'toplevel',
  'viz',
  'cc',
]

/**
 * Opens a board in a browser that knows nothing of it. All times count from the start of the navigation:
 * - `shell`: the first paint that has any content (first contentful paint),
 * - `drawn`: the frame that shows the board: its canvas painted with all elements in the document that are in view,
 * - `saved`: the first frame after that in which the page says that the board is saved, so that it is in step.
 */
export async function open(context, url, count) {
  const page = await context.newPage()
  await page.addInitScript(watchOpening, count)
  await page.goto(url)
  await page.waitForFunction(() => window.opening?.saved, undefined, { timeout: OPEN_MS_MAX }).catch(async (failure) => {
    const seen = await page.evaluate(() => ({ opening: window.opening, text: document.body.innerText }))
    throw new Error(`${url} did not open: ${JSON.stringify(seen)}`, { cause: failure })
  })
  const times = await page.evaluate(() => ({
    ...window.opening,
    shell: performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? NaN,
    longest: Math.max(0, ...window.opening.tasks),
  }))
  return { page, times }
}

/** Runs in the page. The callback of a frame sees what was painted before; that frame is on screen by the next one. */
function watchOpening(count) {
  const opening = { drawn: 0, saved: 0, tasks: [] }
  window.opening = opening
  new PerformanceObserver((list) => opening.tasks.push(...list.getEntries().map((one) => one.duration))).observe({
    type: 'longtask',
    buffered: true,
  })
  const look = () => {
    const canvas = document.querySelector('[data-testid=canvas]')
    const { elements, paints } = canvas?.dataset ?? {}
    if (opening.drawn === 0 && Number(paints) > 0 && Number(elements) === count) opening.drawn = performance.now()
    const saved = document.querySelector('[data-testid=status][data-phase=saved]')
    if (opening.drawn > 0 && saved) opening.saved = performance.now()
    else requestAnimationFrame(look)
  }
  requestAnimationFrame(look)
}

/**
 * Turns the wheel for five seconds, sixty times a second, as `turn(n)` says; gives the frames that the compositor put
 * on the screen, and what they cost the page.
 */
export async function wheel(browser, page, turn) {
  const dev = await page.context().newCDPSession(page)
  await dev.send('Performance.enable')
  await browser.startTracing(page, { categories: TRACED })
  const before = await metrics(dev)
  const begun = performance.now()
  const sent = []
  for (let n = 0; performance.now() - begun < WHEEL_MS; n += 1) {
    sent.push(dev.send('Input.dispatchMouseEvent', { type: 'mouseWheel', x: 640, y: 400, ...turn(n) }))
    await new Promise((resolve) => setTimeout(resolve, begun + (n + 1) * FRAME_MS - performance.now()))
  }
  await Promise.all(sent)
  const seconds = (performance.now() - begun) / 1000
  const after = await metrics(dev)
  const { traceEvents } = JSON.parse((await browser.stopTracing()).toString())
  await dev.detach()
  const drawn = drawnFrames(traceEvents)
  return {
    fps: drawn.length / seconds,
    p95_ms: quantile(drawn.slice(1).map((at, i) => at - drawn[i]), 0.95),
    script_ms: ((after.ScriptDuration - before.ScriptDuration) * 1000) / Math.max(1, drawn.length),
    longest_ms: longestTask(traceEvents),
  }
}

/** When the compositor drew, in ms. */
function drawnFrames(events) {
  const swaps = events.filter(({ name, ph }) => name === 'Display::DrawAndSwap' && ph !== 'E')
  if (swaps.length === 0) throw new Error('the trace has no frames of the compositor')
  return swaps.map(({ ts }) => ts / 1000).sort((a, b) => a - b)
}

/** On the thread that runs the page's scripts. */
function longestTask(events) {
  const script = events.find(({ name }) => name === 'FireAnimationFrame')
  const tasks = events.filter(({ name, ph, pid, tid }) => name.endsWith('RunTask') && ph === 'X' && pid === script?.pid && tid === script?.tid)
  return Math.max(0, ...tasks.map(({ dur }) => dur / 1000))
}

/** There and back, so that the view stays on the board. */
export const panning = (dx, dy) => (n) => {
  const way = Math.floor(n / 90) % 2 === 0 ? 1 : -1
  return { deltaX: dx * way, deltaY: dy * way }
}

/** From 140 % to 12 % in a second and a half, and back again. */
export const zooming = (n) => {
  const way = Math.floor(n / ZOOM_TURNS) % 2 === 0 ? 1 : -1
  return { deltaX: 0, deltaY: way * ZOOM_STEP, modifiers: CTRL }
}
const CTRL = 2
const ZOOM_TURNS = 90
/** `wheelZoom` of core/camera.ts: a pixel is 0.8 %. */
const ZOOM_STEP = Math.log(1.4 / 0.12) / 0.008 / ZOOM_TURNS

/** To 140 %, from wherever. */
export async function zoomToStart(page) {
  await page.keyboard.press('Control+Digit0')
  const dev = await page.context().newCDPSession(page)
  const wanted = { type: 'mouseWheel', x: 640, y: 400, deltaX: 0, deltaY: -Math.log(1.4) / 0.008 / 3, modifiers: CTRL }
  for (let n = 0; n < 3; n += 1) await dev.send('Input.dispatchMouseEvent', wanted)
  await dev.detach()
  await page.waitForFunction(() => Math.abs(Number(document.querySelector('[data-testid=canvas]').dataset.zoom) - 1.4) < 0.01)
}

/** From the key to the frame in which all is painted, both in the page. */
export async function overview(page) {
  await page.evaluate(() => {
    const { dataset } = document.querySelector('[data-testid=canvas]')
    const before = dataset.paints
    window.overviewIn = new Promise((resolve) => {
      window.addEventListener(
        'keydown',
        ({ timeStamp }) => {
          const look = () => (dataset.paints === before ? requestAnimationFrame(look) : resolve(performance.now() - timeStamp))
          requestAnimationFrame(look)
        },
        { once: true, capture: true },
      )
    })
  })
  await page.keyboard.press('Shift+Digit1')
  return page.evaluate(() => window.overviewIn)
}

export async function heapBytes(page) {
  const dev = await page.context().newCDPSession(page)
  await dev.send('Performance.enable')
  await dev.send('HeapProfiler.collectGarbage')
  const { JSHeapUsedSize } = await metrics(dev)
  await dev.detach()
  return JSHeapUsedSize
}

/** Of every script that the page has asked for. */
export async function scriptBytes(page) {
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

async function metrics(dev) {
  const { metrics: all } = await dev.send('Performance.getMetrics')
  return Object.fromEntries(all.map(({ name, value }) => [name, value]))
}

function quantile(values, part) {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.floor(sorted.length * part)] ?? NaN
}
