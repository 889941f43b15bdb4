// What has changed is painted anew and nothing else: the board must look as if all of it had been.
import assert from 'node:assert/strict'
import { canvas, drag, suite } from './harness.mjs'
import { block, note } from './outside.mjs'
import { scribble } from './measure/board.mjs'

const test = suite()

/** Of a channel. Where a shape is cut by the edge of what is painted anew, its smoothed edges come out a little otherwise. */
const SMOOTHING_MOST = 96
/** So few pixels cannot be told from chance; what is left of the smallest element here is a hundred times as much. */
const PIXELS_MOST = 50

/** Runs in the page: how many pixels of the board's next paint are others once all of it is painted. */
function watchPaint([channelMost]) {
  const host = document.querySelector('[data-board]')
  const layer = host.querySelector('canvas')
  const painted = async () => {
    const before = host.dataset.paints
    while (host.dataset.paints === before) await new Promise((resolve) => requestAnimationFrame(resolve))
    return layer.getContext('2d').getImageData(0, 0, layer.width, layer.height).data
  }
  window.differing = (async () => {
    const inPart = await painted()
    // Another font has arrived: whatever was painted is painted anew.
    document.fonts.dispatchEvent(new Event('loadingdone'))
    const whole = await painted()
    const others = new Set()
    whole.forEach((value, at) => Math.abs(value - inPart[at]) > channelMost && others.add(at >> 2))
    return others.size
  })()
}

test('after edits of all kinds the board looks as it does when all of it is painted', async ({ node, openBoard, outside }) => {
  const board = await node.createBoard('Repainted')
  const other = await outside(board)
  const ink = { type: 'pen', box: [320.3, 180.7, 300, 160, 0], data: scribble(300, 160, 48), stroke: 'red', stroke_width: 9 }
  other.write({
    under: block(200, 150, 320, 260, { fill: 'green', z: 'a0', text: 'Below the rest' }),
    ink: { ...ink, z: 'a1' },
    turned: { ...block(400, 200, 180, 120, { fill: 'none', stroke: 'violet', kind: 'ellipse' }), box: [400, 200, 180, 120, 0.7], z: 'a2' },
    marker: { ...ink, type: 'highlighter', box: [250.5, 250.5, 300, 160, 0.3], stroke: 'yellow', stroke_width: 24, z: 'a3' },
    note: { ...note(520, 320, 'Remember this', { fill: 'yellow' }), z: 'a4' },
    joined: { type: 'connector', box: [520, 280, 100, 100, 0], data: { from: { element: 'under' }, to: { element: 'note' } }, z: 'a5' },
  })
  const page = await openBoard(board)
  await canvas(page, { elements: 6 })
  const edits = [
    () => other.set('turned', 'fill', 'blue'),
    () => other.set('ink', 'box', [420.6, 260.2, 260, 200, 0.4]),
    () => other.set('under', 'z', 'a6'),
    () => other.set('note', 'box', [560, 420, 160, 160, 0]),
    () => other.doc.getMap('elements').delete('marker'),
    async () => {
      await page.keyboard.press('p')
      await drag(page, [300, 500], [640, 560], { steps: 6 })
    },
    () => other.write({ late: { ...note(640, 200, 'Late', { fill: 'pink' }), z: 'a7' } }),
  ]
  for (const [at, edit] of edits.entries()) {
    await page.evaluate(watchPaint, [SMOOTHING_MOST])
    await edit()
    const differing = await page.evaluate(() => window.differing)
    assert.ok(differing <= PIXELS_MOST, `${differing} pixels after edit ${at}`)
  }
})
