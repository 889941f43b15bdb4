/**
 * Today's editors with a board like ours: pages made by bench/peers/editors, served from here, each with a `board` that
 * fills it, says where the camera is and selects. Everything else is done to them as to Easel: by wheel, pointer and keys.
 */
import { createServer } from 'node:http'
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { once } from 'node:events'
import { dirname, extname, join, normalize } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'

const DIST = join(dirname(fileURLToPath(import.meta.url)), '../../../bench/peers/editors/dist')
const OPEN_MS_MAX = 180_000
const TYPES = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml', '.woff2': 'font/woff2', '.json': 'application/json' }

export const peersAreBuilt = () => existsSync(join(DIST, 'excalidraw.html'))

/** `{ url, close }`; compressed as a good server would. */
export async function servePeers() {
  const kept = new Map()
  const server = createServer(async (request, response) => {
    const path = normalize(decodeURIComponent(new URL(request.url, 'http://x').pathname))
    try {
      if (!kept.has(path)) kept.set(path, gzipSync(await readFile(join(DIST, path))))
      response.writeHead(200, { 'content-type': TYPES[extname(path)] ?? 'application/octet-stream', 'content-encoding': 'gzip' }).end(kept.get(path))
    } catch {
      response.writeHead(404).end()
    }
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    close() {
      server.closeAllConnections()
      server.close()
    },
  }
}

/** An editor as `measure.mjs` handles any. Where its camera is and what is selected its `board` says. */
export function peer(name, url) {
  const editor = {
    name,
    keys: { select: 'v', pen: name === 'tldraw' ? 'd' : 'p' },
    /** In memory, with nothing to read or to save: from the call to the first frame after which all is calm. */
    async open(context, { count }) {
      const page = await context.newPage()
      await page.goto(`${url}/${name}.html`)
      await page.waitForFunction(() => window.board !== undefined, undefined, { timeout: OPEN_MS_MAX })
      const times = await page.evaluate(putAndWait, count)
      return { page, times }
    },
    overview: (page) => pressAndWatch(page, 'Shift+1'),
    zoomOf: (page) => page.evaluate(() => window.board.camera()[2]),
    selectedIn: (page) => page.evaluate(() => window.board.selected()),
    start: (page) => page.evaluate(() => window.board.lookAt(70, 90, 1)),
    toCorner: (page, { x, y }, zoom) => page.evaluate(([x, y, zoom]) => window.board.lookAt(x, y, zoom), [x, y, zoom]),
    async write(page) {
      if (name === 'tldraw') {
        await page.keyboard.press('n')
        await page.mouse.click(640, 400)
      } else {
        await page.keyboard.press('r')
        await page.mouse.move(600, 350)
        await page.mouse.down()
        await page.mouse.move(800, 550, { steps: 5 })
        await page.mouse.up()
        await page.keyboard.press('Enter')
      }
      await page.waitForFunction(() => document.activeElement?.matches('textarea, [contenteditable=true]'))
    },
    /** Each run has a page of its own. */
    async restore() {},
  }
  return editor
}

/** Runs in the page: fills the board and waits until frames come one after another again. */
async function putAndWait(count) {
  const tasks = []
  new PerformanceObserver((list) => tasks.push(...list.getEntries().map((one) => one.duration))).observe({ type: 'longtask' })
  const begun = performance.now()
  window.board.put(count)
  let last = performance.now()
  let calm = 0
  while (calm < 3) {
    await new Promise((resolve) => requestAnimationFrame(resolve))
    const now = performance.now()
    calm = now - last < 34 ? calm + 1 : 0
    last = now
  }
  if (window.board.count() !== count) throw new Error(`${window.board.count()} elements of ${count}`)
  return { drawn: last - begun, longest: Math.max(0, ...tasks) }
}

/** From the key to the frame after the camera's last move, both in the page. */
async function pressAndWatch(page, key) {
  await page.evaluate(() => {
    window.moved = new Promise((resolve) => {
      const listen = ({ timeStamp }) => {
        const before = window.board.camera().join()
        let at = before
        let since = 0
        let still = 0
        const look = () => {
          const now = window.board.camera().join()
          if (now !== at) since = performance.now()
          still = now === at && at !== before ? still + 1 : 0
          at = now
          if (still === 1) window.shown = performance.now()
          if (still > 5) resolve(window.shown - timeStamp)
          else requestAnimationFrame(look)
        }
        requestAnimationFrame(look)
      }
      window.addEventListener('keydown', listen, { once: true, capture: true })
    })
  })
  await page.keyboard.press(key)
  return page.evaluate(() => window.moved)
}
