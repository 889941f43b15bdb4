/**
 * How fast the list of ten thousand boards is on this machine, medians of three: `node tests/browser/measure-boards.mjs
 * [--runs N] [--boards N]`. `TEST_EASEL` names the binary, else it is the release build. It fails on no figure.
 *
 * Somebody who is signed in opens the list: times count from the start of the navigation to the frame that shows a screen
 * of cards, and to that in which each of these has its picture; `cold` has nothing in the browser's caches, `again` has
 * been there before. Then the wheel is turned for five seconds, slowly as one reads and fast as one looks for something.
 */
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

process.env.TEST_EASEL ??= join(dirname(fileURLToPath(import.meta.url)), '../../target/release/easel')
const { launch, startNode } = await import('./harness.mjs')
const { Figures } = await import('./measure/figures.mjs')
const { fillNode, openList, signInHere } = await import('./measure/boards.mjs')
const { wheel } = await import('./measure/pages.mjs')

const { values: options } = parseArgs({
  options: { runs: { type: 'string', default: '3' }, boards: { type: 'string', default: '10000' } },
})

const VIEWPORT = { width: 1280, height: 800 }
const ASKED = {
  'cold cards_ms': { most: 200 },
  'again cards_ms': { most: 200 },
  'scroll, 20 px a turn fps': { least: 57 },
  'scroll, 20 px a turn p95_ms': { most: 17 },
  'scroll, 200 px a turn fps': { least: 57 },
  'scroll, 200 px a turn p95_ms': { most: 17 },
}

const figures = new Figures()
// The page's own requests are as many as it likes: what it is kept from would not be measured.
const node = await startNode({ EASEL_RATE_LIMITS__API: '0' })
const browser = await launch()
try {
  await fillNode(node, Number(options.boards))
  for (let run = 1; run <= Number(options.runs); run += 1) {
    process.stderr.write(`run ${run} of ${options.runs}\n`)
    await measure()
  }
  console.log(figures.table(ASKED))
} finally {
  await browser.close()
  await node.stop()
}

async function measure() {
  const first = await browser.newContext({ viewport: VIEWPORT })
  await signInHere(first, node)
  const storageState = await first.storageState()
  await first.close()
  const context = await browser.newContext({ viewport: VIEWPORT, storageState })
  for (const kind of ['cold', 'again']) {
    const { page, times } = await openList(context, node)
    figures.add(kind, times)
    await page.close()
  }
  for (const px of [20, 200]) {
    const { page } = await openList(context, node)
    await page.mouse.move(640, 400)
    const turned = await wheel(browser, page, () => ({ deltaX: 0, deltaY: px }))
    const seen = await page.evaluate(() => Number(document.querySelector('[data-testid=board-grid] li:last-child').ariaPosInSet))
    figures.add(`scroll, ${px} px a turn`, { ...turned, seen })
    await page.close()
  }
  await context.close()
}
