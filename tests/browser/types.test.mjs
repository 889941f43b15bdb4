// Every type of element, and every kind of shape, as it looked when its picture was taken, light and dark. With
// PICTURE=1 the pictures are taken anew: look at them before they are committed.
import assert from 'node:assert/strict'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { canvas, out, phase, suite, testId } from './harness.mjs'
import { scribble } from './measure/board.mjs'
import { block, note } from './outside.mjs'

const test = suite()
mkdirSync(out, { recursive: true })
const PICTURES = join(dirname(fileURLToPath(import.meta.url)), 'pictures')
/** Other fonts and other smoothing move the edges of letters and lines by as much. */
const DIFFERENT_FROM = 48
const PART_MOST = 0.005

const KINDS =
  'rectangle rounded ellipse diamond triangle pentagon hexagon octagon star cloud parallelogram trapezoid cylinder cross callout arrow_right arrow_left arrow_up arrow_down arrow_both brace_left brace_right'.split(' ')
const COLORS = ['red', 'orange', 'yellow', 'green', 'teal', 'blue', 'violet', 'pink', 'grey', 'none']

function board() {
  const elements = {}
  for (const [at, kind] of KINDS.entries()) {
    const [x, y] = [20 + (at % 11) * 112, 80 + Math.floor(at / 11) * 95]
    const dash = ['solid', 'dashed', 'dotted'][at % 3]
    elements[`shape${at}`] = block(x, y, 95, 70, { kind, fill: COLORS[at % 10], stroke: 'black', dash, text: at < 11 ? kind.slice(0, 5) : '', z: `a${at % 10}` })
  }
  elements.note = note(20, 290, 'A note that is long enough to be broken into lines', { fill: 'yellow' })
  elements.turned = note(260, 290, 'turned', { fill: 'green', box: [260, 300, 150, 150, 0.2] })
  elements.text = { type: 'text', box: [450, 290, 300, 50, 0], text: 'Words in\ntwo lines: Größe, Tiếng, Ωμέγα', z: 'a0' }
  elements.right = { type: 'text', box: [450, 360, 220, 50, 0], auto_width: false, text: 'שלום עולם', z: 'a0' }
  elements.pen = { type: 'pen', box: [450, 410, 95, 70, 0], data: scribble(95, 70, 48), stroke: 'red', z: 'a0' }
  elements.marker = { type: 'highlighter', box: [440, 285, 260, 40, 0], data: scribble(260, 10, 30), z: 'a1' }
  const line = (x, from_head, to_head) => ({ type: 'line', box: [x, 410, 60, 70, 0], data: { from: [0, 0], to: [1, 1], from_head, to_head }, z: 'a0' })
  Object.assign(elements, { l1: line(580, 'none', 'arrow'), l2: line(650, 'diamond', 'triangle'), l3: line(720, 'circle_open', 'zero_or_many') })
  elements.frame = { type: 'frame', box: [820, 300, 420, 190, 0], text: 'A frame', z: 'a0' }
  elements.held = block(1180, 340, 120, 80, { fill: 'violet', text: 'clipped', parent: 'frame', z: 'a1' })
  elements.a = block(850, 330, 80, 50, { text: 'from', parent: 'frame', z: 'a1' })
  elements.b = block(1020, 420, 80, 50, { text: 'to', parent: 'frame', z: 'a1' })
  const bound = (kind, z) => ({
    type: 'connector',
    kind,
    box: [890, 355, 170, 90, 0],
    text: kind === 'elbow' ? 'yes' : '',
    parent: 'frame',
    z,
    data: { from: { element: 'a', at: [0.5, 0.5], mode: 'auto' }, to: { element: 'b', at: [0.5, 0.5], mode: 'auto' }, to_head: 'arrow' },
  })
  Object.assign(elements, { c1: bound('elbow', 'a2'), c2: bound('curved', 'a3') })
  elements.picture = { type: 'image', box: [20, 520, 160, 100, 0], text: 'not there', z: 'a0', data: { asset: `ast_${'0'.repeat(26)}`, w: 160, h: 100 } }
  elements.later = { type: 'hologram', box: [220, 520, 160, 100, 0], z: 'a0' }
  return elements
}

for (const colorScheme of ['light', 'dark']) {
  test(`everything that a board can hold looks as it did (${colorScheme})`, async ({ node, openBoard, outside, browser }) => {
    const id = await node.createBoard('Types')
    const seen = await outside(id)
    const elements = board()
    seen.write(elements)
    const page = await openBoard(id, { colorScheme, reducedMotion: 'reduce', forgive: /404|Failed to load/ })
    await canvas(page, { elements: Object.keys(elements).length })
    await phase(page, 'saved')
    await page.evaluate(async () => {
      await document.fonts.ready
      await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))
    })
    // Without the bars, whose looks change more often.
    const taken = await page.screenshot({ clip: { x: 0, y: 66, width: 1280, height: 660 } })
    const file = join(PICTURES, `types-${colorScheme}.png`)
    if (process.env.PICTURE === '1') writeFileSync(file, taken)
    writeFileSync(join(out, `types-${colorScheme}.png`), taken)
    const part = await different(browser, taken, readFileSync(file))
    assert.ok(part <= PART_MOST, `${(part * 100).toFixed(2)} % of the pixels are others than in pictures/types-${colorScheme}.png; look at out/types-${colorScheme}.png`)
  })
}

/** The part of the pixels that differ, compared in a page of its own. */
async function different(browser, one, other) {
  const page = await browser.newPage()
  const part = await page.evaluate(
    async ({ files, from }) => {
      const [a, b] = await Promise.all(
        files.map(async (file) => {
          const bitmap = await createImageBitmap(new Blob([Uint8Array.from(atob(file), (char) => char.charCodeAt(0))]))
          const ctx = new OffscreenCanvas(bitmap.width, bitmap.height).getContext('2d')
          ctx.drawImage(bitmap, 0, 0)
          return ctx.getImageData(0, 0, bitmap.width, bitmap.height)
        }),
      )
      if (a.width !== b.width || a.height !== b.height) return 1
      let count = 0
      for (let i = 0; i < a.data.length; i += 4) {
        if (Math.max(Math.abs(a.data[i] - b.data[i]), Math.abs(a.data[i + 1] - b.data[i + 1]), Math.abs(a.data[i + 2] - b.data[i + 2])) > from) count += 1
      }
      return count / (a.width * a.height)
    },
    { files: [one.toString('base64'), other.toString('base64')], from: DIFFERENT_FROM },
  )
  await page.close()
  return part
}
