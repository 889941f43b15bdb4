/**
 * How fast the page is on this machine, medians of three: `node tests/browser/measure.mjs [--json FILE] [--runs N]
 * [--only PART]`, with PART one of `open`, `pan`, `zoom`. `TEST_EASEL` names the binary, else it is the release build.
 * It fails on no figure; compare those of one machine only, with nothing else running.
 *
 * The table shows what spec/editor.md and the performance issue ask for beside each figure.
 */
import { writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

process.env.TEST_EASEL ??= join(dirname(fileURLToPath(import.meta.url)), '../../target/release/easel')
const { launch, startNode } = await import('./harness.mjs')
const { fill } = await import('./measure/board.mjs')
const { Figures } = await import('./measure/figures.mjs')
const { slowLine } = await import('./measure/link.mjs')
const { heapBytes, open, overview, panning, scriptBytes, wheel, zooming, zoomToStart } = await import('./measure/pages.mjs')

const { values: options } = parseArgs({
  options: { json: { type: 'string' }, runs: { type: 'string', default: '3' }, only: { type: 'string' } },
})

const SLOW = { bitsPerSecond: 1_600_000, roundTrip_ms: 150 }
const VIEWPORT = { width: 1280, height: 800 }
const ASKED = {
  'open empty, loopback drawn_ms': { most: 1000 },
  'open empty, slow line drawn_ms': { most: 3000 },
  'open 10k, loopback drawn_ms': { most: 1000 },
  'open 10k, loopback saved_ms': { most: 600 },
  'open 10k, slow line drawn_ms': { most: 3000 },
  'page weight javascript_kb': { most: 300 },
  'page weight heap_mb': { most: 40 },
  'pan 10k fps': { least: 57 },
  'pan 10k p95_ms': { most: 17 },
  'pan 10k script_ms': { most: 2.7 },
  'overview 10k first_ms': { most: 400 },
  'overview 10k fps': { least: 54 },
  'overview 10k p95_ms': { most: 17 },
  'overview 10k script_ms': { most: 6 },
  'overview 20k fps': { least: 50 },
  'zoom 10k fps': { least: 52 },
  'zoom 10k p95_ms': { most: 20 },
  'zoom 20k fps': { least: 50 },
}

const figures = new Figures()
const node = await startNode()
const browser = await launch()
try {
  const boards = {}
  for (const [name, count] of [['empty', 0], ['10k', 10_000], ['20k', 20_000]]) {
    boards[name] = { name, count, id: await node.createBoard(name) }
    await fill(node, boards[name].id, count)
  }
  for (let run = 1; run <= Number(options.runs); run += 1) {
    process.stderr.write(`run ${run} of ${options.runs}\n`)
    if (wants('open')) await measureOpening([boards.empty, boards['10k']])
    if (wants('pan') || wants('zoom')) for (const name of ['10k', '20k']) await measureMoving(boards[name])
  }
  const common = { page: `Chromium ${browser.version()}`, viewport: [VIEWPORT.width, VIEWPORT.height] }
  if (options.json !== undefined) await writeFile(options.json, `${figures.lines(common).join('\n')}\n`)
  console.log(figures.table(ASKED))
} finally {
  await browser.close()
  await node.stop()
}

function wants(part) {
  return options.only === undefined || options.only === part
}

async function measureOpening(boards) {
  for (const board of boards) {
    await inNewBrowser(async (context) => {
      const { page, times } = await open(context, `${node.url}/b/${board.id}`, board.count)
      figures.add(`open ${board.name}, loopback`, timesOf(times))
      if (board.count > 0) {
        const [script, heap] = [await scriptBytes(page), await heapBytes(page)]
        figures.add('page weight', { javascript_kb: script / 1000, heap_mb: heap / 1e6 })
      }
    })
    const line = await slowLine(node, SLOW)
    await inNewBrowser(async (context) => {
      const { times } = await open(context, `${line.url}/b/${board.id}`, board.count)
      figures.add(`open ${board.name}, slow line`, { ...timesOf(times), carried_kb: line.carried() / 1000 })
    })
    await line.close()
  }
}

function timesOf({ shell, drawn, saved, longest }) {
  return { shell_ms: shell, drawn_ms: drawn, saved_ms: saved, longest_task_ms: longest }
}

async function measureMoving(board) {
  await inNewBrowser(async (context) => {
    const { page } = await open(context, `${node.url}/b/${board.id}`, board.count)
    await page.mouse.move(640, 400)
    if (wants('pan')) {
      figures.add(`pan ${board.name}`, await wheel(browser, page, panning(9, 7)))
      const first_ms = await overview(page)
      figures.add(`overview ${board.name}`, { first_ms, ...(await wheel(browser, page, panning(2, 1))) })
    }
    if (wants('zoom')) {
      await overview(page)
      await zoomToStart(page)
      figures.add(`zoom ${board.name}`, await wheel(browser, page, zooming))
    }
  })
}

/** Empty caches, no service worker, nothing stored. */
async function inNewBrowser(act) {
  const context = await browser.newContext({ viewport: VIEWPORT })
  try {
    await act(context)
  } finally {
    await context.close()
  }
}
