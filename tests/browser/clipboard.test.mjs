// From and to other programs, boards and nodes.
import assert from 'node:assert/strict'
import { byType, canvas, out, phase, pixel, startNode, suite, until } from './harness.mjs'
import { block, note } from './outside.mjs'
import { drop, halves, paste, plain } from './pictures.mjs'

const test = suite()

const RED = [220, 30, 30]
const BLUE = [30, 60, 220]
const near = (a, b, slack = 30) => a.every((n, i) => Math.abs(n - b[i]) <= slack)
const colorAt = (page, at, color) =>
  until(`${color} at ${at}`, async () => near((await pixel(page, at)).slice(0, 3), color))

async function opened({ node, openBoard, outside }, options) {
  const board = await node.createBoard('Clipboard')
  const seen = await outside(board)
  const page = await openBoard(board, options)
  return { board, seen, page }
}

const count = (seen, type, n) => seen.until(`${n} of ${type}`, () => byType(seen.elements(), type).length === n)
const texts = (seen, type) => byType(seen.elements(), type).map(({ text }) => text).sort()

test('cells of a spreadsheet become notes in a grid, and that is one step', async (world) => {
  const { page, seen } = await opened(world)
  await paste(page, { 'text/plain': 'Mon\tTue\nrun\tswim\n' })
  await count(seen, 'sticky', 4)
  assert.deepEqual(texts(seen, 'sticky'), ['Mon', 'Tue', 'run', 'swim'])
  await page.screenshot({ path: `${out}/clipboard-cells.png` })
  await page.keyboard.press('Control+z')
  await count(seen, 'sticky', 0)
  // Excel puts a picture of the cells there as well.
  const html =
    '<html xmlns:x="urn:schemas-microsoft-com:office:excel"><table><tr><td>a<br>b</td></tr><tr><td>c</td></tr></table>'
  await paste(page, { 'text/plain': 'a b\nc', 'text/html': html }, [
    { name: 'image.png', type: 'image/png', bytes: plain(9, 9, RED) },
  ])
  await count(seen, 'sticky', 2)
  assert.deepEqual(texts(seen, 'sticky'), ['a\nb', 'c'])
  assert.deepEqual(byType(seen.elements(), 'image'), [])
})

test('links, SVG as text, pictures and plain words come as what they are', async (world) => {
  const { page, seen } = await opened(world)
  await paste(page, { 'text/plain': 'https://example.com/a', 'text/html': '<a href="https://example.com/a">A page</a>' })
  await count(seen, 'text', 1)
  const [id] = seen.ids()
  const runs = seen.doc.getMap('elements').get(id).get('text').toDelta()
  assert.deepEqual(runs, [{ insert: 'A page', attributes: { link: 'https://example.com/a' } }])
  await page.keyboard.press('Delete')
  await count(seen, 'text', 0)

  await paste(page, { 'text/plain': 'plain words', 'text/html': '<b>plain</b> words' })
  await count(seen, 'text', 1)
  assert.deepEqual(texts(seen, 'text'), ['plain words'])
  const [formatted] = seen.ids()
  await until('its formats', () => seen.doc.getMap('elements').get(formatted).get('text').toDelta().length === 2)
  assert.deepEqual(seen.doc.getMap('elements').get(formatted).get('text').toDelta(), [
    { insert: 'plain', attributes: { bold: true } },
    { insert: ' words' },
  ])

  const rect = '<rect width="90" height="90" fill="#dc1e1e"/>'
  await paste(page, { 'text/plain': `<svg xmlns="http://www.w3.org/2000/svg" width="90" height="90">${rect}</svg>` })
  await count(seen, 'image', 1)
  await colorAt(page, [615, 375], RED)
  await paste(page, {}, [{ name: 'image.png', type: 'image/png', bytes: plain(200, 100, BLUE) }])
  await count(seen, 'image', 2)
})

test('a drawing of Excalidraw comes as shapes, by paste and as a file', async (world) => {
  const { page, seen } = await opened(world)
  const base = { angle: 0, opacity: 100, strokeColor: '#1e1e1e', strokeWidth: 2, strokeStyle: 'solid', groupIds: [] }
  const picture = `data:image/png;base64,${plain(60, 60, RED).toString('base64')}`
  const scene = (type) =>
    JSON.stringify({
      type,
      elements: [
        { ...base, id: 'a', type: 'rectangle', x: 0, y: 0, width: 200, height: 80, backgroundColor: '#a5d8ff' },
        { ...base, id: 'b', type: 'text', x: 20, y: 20, width: 90, height: 25, text: 'Begin', fontSize: 20, containerId: 'a' },
        { ...base, id: 'c', type: 'arrow', x: 200, y: 40, width: 100, height: 0, points: [[0, 0], [100, 0]], endArrowhead: 'arrow' },
        { ...base, id: 'd', type: 'freedraw', x: 0, y: 120, width: 90, height: 9, points: [[0, 0], [50, 9], [90, 0]], pressures: [] },
        { ...base, id: 'e', type: 'image', x: 310, y: 10, width: 60, height: 60, fileId: 'f', scale: [1, 1] },
      ],
      files: { f: { id: 'f', mimeType: 'image/png', dataURL: picture } },
    })
  await paste(page, { 'text/plain': scene('excalidraw/clipboard') })
  await count(seen, 'image', 1)
  const [shape] = byType(seen.elements(), 'shape')
  assert.deepEqual([shape.kind, shape.text, shape.fill], ['rectangle', 'Begin', '#a5d8ff'])
  const [line] = byType(seen.elements(), 'line')
  assert.deepEqual([line.data.to_head, line.box[0] - shape.box[0]], ['arrow', 200])
  const [image] = byType(seen.elements(), 'image')
  assert.deepEqual(image.box.slice(0, 2).map((n, i) => n - shape.box[i]), [310, 10])
  assert.equal(byType(seen.elements(), 'pen').length, 1)
  await page.screenshot({ path: `${out}/clipboard-excalidraw.png` })
  await drop(page, [300, 300], [{ name: 'plan.excalidraw', type: '', bytes: Buffer.from(scene('excalidraw')) }])
  await count(seen, 'shape', 2)
  await count(seen, 'image', 2)
})

test('elements go from tab to tab where only HTML survives', async (world) => {
  const person = await world.person()
  const { page, seen } = await opened(world, { context: person })
  seen.write({ a: block(200, 200), n: note(400, 200, 'Some <words> & "more"', { z: 'a1' }) })
  await canvas(page, { elements: 2 })
  await page.keyboard.press('Control+a')
  const copied = await page.evaluate(() => {
    const data = new DataTransfer()
    document.body.dispatchEvent(new ClipboardEvent('copy', { clipboardData: data, bubbles: true, cancelable: true }))
    return Object.fromEntries(data.types.map((type) => [type, data.getData(type)]))
  })
  assert.equal(copied['text/plain'], 'Some <words> & "more"')
  const other = await world.node.createBoard('Other')
  const there = await world.outside(other)
  const tab = await world.openBoard(other, { context: person })
  await paste(tab, { 'text/plain': copied['text/plain'], 'text/html': copied['text/html'] })
  await count(there, 'sticky', 1)
  await count(there, 'shape', 1)
  assert.deepEqual(texts(there, 'sticky'), ['Some <words> & "more"'])
})

test('a picture goes to another board with its file, and to another node with its pixels', async (world) => {
  const person = await world.person()
  const { page, seen } = await opened(world, { context: person })
  await drop(page, [640, 400], [{ name: 'halves.png', type: 'image/png', bytes: halves(400, 200) }])
  await count(seen, 'image', 1)
  await colorAt(page, [500, 400], RED)
  const [first] = byType(seen.elements(), 'image')
  await page.keyboard.press('Control+c')
  const second = await world.node.createBoard('Second')
  const there = await world.outside(second)
  const tab = await world.openBoard(second, { context: person })
  await tab.keyboard.press('Control+v')
  await count(there, 'image', 1)
  const [copy] = byType(there.elements(), 'image')
  assert.notEqual(copy.data.asset, first.data.asset)
  const listed = await (await world.node.ask('GET', `/boards/${second}/assets`)).json()
  assert.deepEqual(listed.data.map(({ id }) => id), [copy.data.asset])
  await colorAt(tab, [500, 400], RED)

  const far = await startNode()
  try {
    const board = await far.createBoard('Far')
    const stranger = await person.newPage()
    await stranger.goto(`${far.url}/b/${board}`)
    await phase(stranger, 'saved')
    await stranger.keyboard.press('Control+v')
    await colorAt(stranger, [500, 400], RED)
    await colorAt(stranger, [780, 400], BLUE)
    const kept = await (await far.ask('GET', `/boards/${board}/assets`)).json()
    assert.equal(kept.data.length, 1)
    assert.deepEqual([kept.data[0].w, kept.data[0].h], [400, 200])
    await stranger.close()
  } finally {
    await far.stop()
  }
})

test('the selection is copied as PNG and as SVG', async (world) => {
  const person = await world.person({ permissions: ['clipboard-read', 'clipboard-write'] })
  const { page, seen } = await opened(world, { context: person })
  await drop(page, [400, 300], [{ name: 'halves.png', type: 'image/png', bytes: halves(200, 100) }])
  await count(seen, 'image', 1)
  seen.write({ s: block(600, 250, 100, 100, { z: 'a8', fill: '#1e3cdc' }), n: note(800, 250, 'A & B', { z: 'a9' }) })
  await canvas(page, { elements: 3 })
  await page.keyboard.press('Control+a')
  await page.keyboard.press('Alt+Shift+C')
  await page.getByText('Copied as PNG').waitFor()
  // What is copied as a picture can be pasted as one: 700 by 200 world units and the space around them, twice as fine.
  await page.keyboard.press('Control+v')
  await count(seen, 'image', 2)
  const made = byType(seen.elements(), 'image').find(({ data }) => data.w > 200)
  assert.ok(made.data.w > 1400 && made.data.w < 1600, `${made.data.w} pixels wide`)
  await page.keyboard.press('Delete')
  await count(seen, 'image', 1)

  await page.keyboard.press('Control+a')
  await page.keyboard.press('Alt+Shift+G')
  await page.getByText('Copied as SVG').waitFor()
  const svg = await page.evaluate(() => navigator.clipboard.readText())
  assert.match(svg, /^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg"/)
  assert.match(svg, /href="data:image\/webp;base64,/)
  assert.match(svg, />&amp;<\/tspan>/)
  // Another browser shows it as we do.
  const shown = await page.evaluate(async (text) => {
    const image = new Image()
    image.src = URL.createObjectURL(new Blob([text], { type: 'image/svg+xml' }))
    await image.decode()
    const canvas = document.createElement('canvas')
    canvas.width = image.naturalWidth
    canvas.height = image.naturalHeight
    const ctx = canvas.getContext('2d')
    ctx.drawImage(image, 0, 0)
    const at = (x, y) => [...ctx.getImageData(x, y, 1, 1).data].slice(0, 3)
    return { w: canvas.width, left: at(66, 80), right: at(166, 80), block: at(366, 60) }
  }, svg)
  assert.ok(near(shown.left, RED) && near(shown.right, BLUE) && near(shown.block, BLUE), JSON.stringify(shown))
  await phase(page, 'saved')
})

test('a text that is too long for one element is in several, and what does not fit into one is offered beside it', async (world) => {
  const { page, seen } = await opened(world)
  const said = (words) => until(words, async () => (await page.getByTestId('toasts').textContent()).includes(words))
  const long = Array.from({ length: 9_000 }, (_, i) => `${i}.`).join(' ')
  await paste(page, { 'text/plain': long })
  await count(seen, 'text', 3)
  await said('it is in 3 side by side')
  assert.equal(byType(seen.elements(), 'text').toSorted((a, b) => a.box[0] - b.box[0]).map(({ text }) => text).join(' '), long)
  await page.screenshot({ path: `${out}/clipboard-long.png` })
  await page.keyboard.press('Control+z')
  await count(seen, 'text', 0)

  seen.write({ n: note(300, 200, 'x'.repeat(19_990)) })
  await canvas(page, { elements: 1 })
  await page.mouse.dblclick(400, 300)
  await page.getByTestId('text-editor').waitFor()
  await page.keyboard.press('Control+End')
  await page.evaluate(() => {
    const clipboardData = new DataTransfer()
    clipboardData.setData('text/plain', 'ten lettersand a rest')
    const pasted = new ClipboardEvent('paste', { bubbles: true, cancelable: true, clipboardData })
    document.activeElement.dispatchEvent(pasted)
  })
  await said('11 characters did not fit')
  await seen.until('it is full', () => seen.get('n').text.toString().endsWith('ten letter'))
  await page.keyboard.type('y')
  await said('this one is full')
  await page.getByTestId('put-beside').click()
  await count(seen, 'text', 1)
  assert.deepEqual(texts(seen, 'text'), ['sand a rest'])
  assert.equal(seen.get('n').text.toString().length, 20_000)
})
