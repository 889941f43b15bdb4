/** How soon what somebody else drew is painted: from the message's arrival in the page to the frame that holds it. */
import { outside, zKey } from '../outside.mjs'
import { scribble } from './board.mjs'
import { quantile } from './trace.mjs'

const STROKES = 30

export async function remoteStrokes(page, node, board) {
  await page.evaluate(watchMessages)
  const writer = await outside(node, board.id)
  const waits = []
  for (let n = 0; n < STROKES; n += 1) {
    await page.evaluate(watchNext)
    writer.write({ [`r${n}`]: { type: 'pen', box: [100 + n * 10, 100, 95, 70, 0], data: scribble(95, 70, 48), stroke: 'red', z: zKey(board.count + n) } })
    waits.push(await page.evaluate(() => window.shown))
  }
  writer.doc.transact(() => {
    for (let n = 0; n < STROKES; n += 1) writer.doc.getMap('elements').delete(`r${n}`)
  })
  await page.waitForFunction((count) => document.querySelector(`[data-testid=canvas][data-elements="${count}"]`), board.count)
  writer.close()
  return {
    frames_p95: quantile(waits.map(({ frames }) => frames), 0.95),
    script_p95_ms: quantile(waits.map(({ script }) => script), 0.95),
    painted_p95_ms: quantile(waits.map(({ painted }) => painted), 0.95),
  }
}

/** Runs in the page. Its own sockets are told of a message by a listener that the page put there; this one comes after. */
function watchMessages() {
  const { data } = Object.getOwnPropertyDescriptors(MessageEvent.prototype)
  Object.defineProperty(MessageEvent.prototype, 'data', {
    ...data,
    get() {
      // The first look at a message is when the page gets it.
      if (this.target instanceof WebSocket) window.arrived = performance.now()
      return data.get.call(this)
    },
  })
}

/** Runs in the page: how many frames begin until the one whose paint holds one element more, and how long that took. */
function watchNext() {
  const { dataset } = document.querySelector('[data-testid=canvas]')
  const [count, paints] = [Number(dataset.elements), Number(dataset.paints)]
  window.arrived = undefined
  window.shown = new Promise((resolve) => {
    let frames = 0
    let script = 0
    const look = () => {
      if (window.arrived !== undefined) frames += 1
      if (Number(dataset.elements) > count && script === 0) script = performance.now() - window.arrived
      // Its callback may come before or after the page's own in one frame; what it sees is painted by now at the latest.
      if (Number(dataset.elements) > count && Number(dataset.paints) > paints) {
        resolve({ frames: Math.max(0, frames - 1), script, painted: performance.now() - window.arrived })
      } else requestAnimationFrame(look)
    }
    requestAnimationFrame(look)
  })
}
