/** What a page is asked while it is measured. */
import { request } from 'node:http'
import { metrics } from './trace.mjs'

const OPEN_MS_MAX = 120_000

/**
 * Opens a board in a browser that knows nothing of it. All times count from the start of the navigation:
 * - `shell`: the first paint that has any content (first contentful paint),
 * - `drawn`: the frame that shows the board: its canvas painted with all elements in the document that are in view,
 * - `saved`: the first frame after that in which the page says that the board is saved, so that it is in step.
 * `work` is what the page's thread computed until then, which other programs on the machine do not lengthen.
 */
export async function open(context, url, count) {
  const page = await context.newPage()
  await page.addInitScript(watchOpening, count)
  const dev = await context.newCDPSession(page)
  await dev.send('Performance.enable', { timeDomain: 'threadTicks' })
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
  const work = (await metrics(dev)).TaskDuration * 1000
  await dev.detach()
  return { page, times: { ...times, work } }
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

/**
 * Of every script that the page had asked for when it was drawn; what it fetches ahead of need when idle comes later.
 * A page that was not watched while it opened is taken as it is.
 */
export async function scriptBytes(page) {
  const urls = await page.evaluate(() =>
    performance
      .getEntriesByType('resource')
      .filter((one) => one.startTime <= (window.opening?.drawn ?? Infinity))
      .map((one) => one.name)
      .filter((name) => name.endsWith('.js')),
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
