// Pictures on the board: put there, seen by others, changed, and what happens when the server does not take one.
import assert from 'node:assert/strict'
import { byType, canvas, drag, out, phase, pixel, suite, testId, until } from './harness.mjs'
import { invite, join, newBoard, setUp } from './people.mjs'
import { drop, halves, plain } from './pictures.mjs'

const test = suite()

const near = (a, b, slack = 30) => a.every((n, i) => Math.abs(n - b[i]) <= slack)
const RED = [220, 30, 30]
const BLUE = [30, 60, 220]

const colorAt = (page, at, color, layer) =>
  until(`${color} at ${at}`, async () => near((await pixel(page, at, layer)).slice(0, 3), color))

const images = (seen) => byType(seen.elements(), 'image')
const only = (seen) => seen.until('a picture', () => images(seen).length === 1).then(() => images(seen)[0])

/** Gives files to the chooser that `ask` opens. Chromium may still be learning that the test answers for choosers, so it is asked again. */
async function choose(page, ask, files) {
  let chooser = null
  page.once('filechooser', (opened) => {
    chooser = opened
  })
  for (let asked = 0; chooser === null; asked++) {
    assert.ok(asked < 10, 'no chooser opens')
    await ask()
    await until('a chooser', () => chooser !== null, 3_000).catch(() => {})
  }
  await chooser.setFiles(files)
}

async function two({ node, openBoard, outside }) {
  const board = await node.createBoard('Pictures')
  const seen = await outside(board)
  const page = await openBoard(board)
  const other = await openBoard(board)
  return { board, seen, page, other }
}

test('a picture is dropped at the pointer, and seen by another page', async (world) => {
  const { page, other, seen } = await two(world)
  await drop(page, [640, 400], [{ name: 'halves.png', type: 'image/png', bytes: halves(400, 200) }])
  const image = await only(seen)
  assert.deepEqual(image.box, [440, 300, 400, 200, 0])
  assert.match(image.data.asset, /^ast_[0-9a-z]{26}$/)
  assert.deepEqual([image.data.w, image.data.h, image.data.blurhash.length], [400, 200, 28])
  for (const one of [page, other]) {
    await colorAt(one, [500, 400], RED)
    await colorAt(one, [780, 400], BLUE)
  }
  await canvas(page, { selected: 1 })
  assert.equal(await testId(page, 'upload').count(), 0)
  await page.screenshot({ path: `${out}/images-dropped.png` })
  await page.keyboard.press('Control+z')
  await seen.until('it to be gone', () => images(seen).length === 0)
})

test('several are dropped at once, beside each other, and picked as files', async (world) => {
  const { page, other, seen } = await two(world)
  const files = ['red', 'blue'].map((name, i) => ({ name, type: 'image/png', bytes: plain(200, 100 + i, i ? BLUE : RED) }))
  await drop(page, [600, 300], files)
  await seen.until('both', () => images(seen).length === 2)
  const [a, b] = images(seen).map(({ box }) => box).sort((one, two) => one[0] - two[0])
  assert.deepEqual([a[0] + a[2] + 20, a[1]], [b[0], b[1]])
  const tallOne = { name: 'tall.png', mimeType: 'image/png', buffer: plain(100, 4000, BLUE) }
  await choose(page, () => page.keyboard.press('i'), tallOne)
  await seen.until('the third', () => images(seen).length === 3)
  const tall = images(seen).find(({ data }) => data.h === 4000)
  assert.ok(tall.box[3] <= 480.01, 'it leaves some of the view free')
  await colorAt(other, [640, 250], BLUE)
})

test('the proportions stay, the mirror turns it, a crop shows a part, by hand and by keys', async (world) => {
  const { page, other, seen } = await two(world)
  await drop(page, [640, 400], [{ name: 'halves.png', type: 'image/png', bytes: halves(400, 200) }])
  await only(seen)
  const is = (what, wanted) => seen.until(`${what} ${wanted}`, () => String(images(seen)[0].box) === String(wanted))
  await drag(page, [840, 500], [1040, 520])
  await is('twice as large', [440, 300, 600, 300, 0])
  await page.keyboard.press('Control+z')
  await is('as it was', [440, 300, 400, 200, 0])
  await page.keyboard.press('Shift+h')
  await colorAt(other, [500, 400], BLUE)
  await page.keyboard.press('Shift+h')
  await colorAt(other, [500, 400], RED)

  await page.mouse.dblclick(640, 400)
  await testId(page, 'crop').waitFor()
  await drag(page, [440, 400], [640, 400])
  await colorAt(other, [660, 400], BLUE)
  await page.screenshot({ path: `${out}/images-crop.png` })
  await page.keyboard.press('Enter')
  await is('its right half', [640, 300, 200, 200, 0])
  assert.deepEqual(images(seen)[0].data.crop, [0.5, 0, 0.5, 1])
  await colorAt(other, [500, 400], [248, 249, 251])
  // By keys: to the corner, and back out without a change.
  await page.keyboard.press('Enter')
  await testId(page, 'crop-se').focus()
  await page.keyboard.press('Shift+ArrowUp')
  await page.keyboard.press('Enter')
  await is('without its foot', [640, 300, 200, 180, 0])
  await page.keyboard.press('Enter')
  await testId(page, 'crop-nw').focus()
  await page.keyboard.press('Shift+ArrowDown')
  await page.keyboard.press('Escape')
  await testId(page, 'crop').waitFor({ state: 'detached' })
  await page.keyboard.press('ArrowRight')
  await is('only nudged', [641, 300, 200, 180, 0])
})

test('it is described, replaced, and downloaded as it was sent', async (world) => {
  const { page, other, seen } = await two(world)
  await drop(page, [640, 400], [{ name: 'red.png', type: 'image/png', bytes: plain(300, 150, RED) }])
  const { box } = await only(seen)
  await testId(page, 'describeImage').click()
  await testId(page, 'alt-text').fill('A red field')
  await page.screenshot({ path: `${out}/images-alt.png` })
  await page.keyboard.press('Enter')
  await seen.until('the words', () => images(seen)[0].text === 'A red field')

  const file = page.waitForEvent('download')
  await testId(page, 'downloadImage').click()
  assert.equal((await file).suggestedFilename(), 'A red field.png')

  const blue = { name: 'blue.png', mimeType: 'image/png', buffer: plain(150, 300, BLUE) }
  await choose(page, () => testId(page, 'replaceImage').click(), blue)
  await colorAt(other, [640, 400], BLUE)
  const [after] = images(seen)
  assert.equal(after.text, 'A red field')
  assert.deepEqual([after.box[2], after.box[3]].map(Math.round), [150, 300])
  assert.deepEqual([after.box[0] + after.box[2] / 2, after.box[1] + after.box[3] / 2], [box[0] + 150, box[1] + 75])
})

test('an SVG is sent as pixels, and what is no picture is told', async (world) => {
  const { page, seen } = await two(world)
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="120" height="60"><script>fetch('/evil')</script>
    <image href="${world.node.url}/evil.png" width="9" height="9"/><rect width="120" height="60" fill="#1e3cdc"/></svg>`
  await drop(page, [640, 400], [{ name: 'drawn.svg', type: 'image/svg+xml', bytes: Buffer.from(svg) }])
  const image = await only(seen)
  assert.deepEqual(image.box.map(Math.round), [580, 370, 120, 60, 0])
  await colorAt(page, [640, 400], BLUE)
  await drop(page, [640, 400], [{ name: 'letter.png', type: 'image/png', bytes: Buffer.from('no picture') }])
  await page.getByText('letter.png: This is no picture').waitFor()
  assert.equal(images(seen).length, 1)
})

test('without a connection it waits in the page, is seen there, and arrives when the server is back', async (world) => {
  const { page, other, seen, board } = await two(world)
  await world.node.kill()
  await phase(page, 'offline', 'reconnecting')
  await drop(page, [640, 400], [{ name: 'red.png', type: 'image/png', bytes: plain(300, 150, RED) }])
  await page.getByText('Waiting for the connection').waitFor()
  await colorAt(page, [640, 400], RED, 1)
  await page.screenshot({ path: `${out}/images-waiting.png` })
  await world.node.start()
  await phase(page, 'saved')
  await only(seen)
  assert.equal(board.length > 0, true)
  await colorAt(other, [640, 400], RED)
})

const small = suite({
  front: async () => {
    const front = {
      env: { EASEL_LIMITS__IMAGE: '20KiB' },
      lead: async (address) => Object.assign(front, { address, url: `http://${address}` }),
      remove: async () => {},
    }
    return front
  },
})

small('what the server refuses is told where it would have been, and can be put away', async (world) => {
  const { page, other, seen } = await two(world)
  page.forgive(/413/)
  const noise = Buffer.from(plain(200, 200, RED))
  await drop(page, [640, 400], [{ name: 'large.png', type: 'image/png', bytes: Buffer.concat([noise, Buffer.alloc(60_000)]) }])
  await page.getByText('The file is too large for this server').waitFor()
  // The others see that one is there, and none of its pixels.
  await until('a mark on the other page', async () => {
    const [r, g, b] = await pixel(other, [560, 320], 1)
    return r === g || Math.abs(r - b) < 40 && r > 0
  })
  await page.screenshot({ path: `${out}/images-refused.png` })
  await testId(page, 'upload-cancel').click()
  await testId(page, 'upload').waitFor({ state: 'detached' })
  assert.deepEqual(images(seen), [])
})

async function upload(node, board, bytes) {
  const answer = await fetch(`${node.url}/api/v1/boards/${board}/assets`, { method: 'POST', body: bytes })
  assert.ok(answer.ok, `the upload was answered ${answer.status}`)
  return answer.json()
}

const picture = ({ id, w, h, blurhash }, box, z) => ({ type: 'image', box, z, data: { asset: id, w, h, blurhash } })

test('only what is in view is asked for, in the form that fits', async ({ node, openBoard, outside }) => {
  const board = await node.createBoard('Many')
  const assets = []
  for (let i = 0; i < 8; i++) assets.push(await upload(node, board, plain(300, 200, [30 * i, 90, 200])))
  const large = await upload(node, board, halves(2600, 1300))
  const seen = await outside(board)
  const elements = {}
  // Each in a column of its own; no two of them are in view together at first.
  assets.forEach((asset, i) => (elements[`el_${i}`] = picture(asset, [i * 1400, 200, 300, 200, 0], `a${i}`)))
  elements.large = picture(large, [200, 500, 260, 130, 0], 'b00')
  seen.write(elements)
  const asked = []
  const page = await openBoard(board)
  page.on('request', (request) => {
    const found = /\/assets\/(ast_\w+)\/(\w+)/.exec(request.url())
    if (found) asked.push(`${found[1]} ${found[2]}`)
  })
  await page.reload()
  await phase(page, 'saved')
  await canvas(page, { pictures: '2 0 0' })
  assert.deepEqual([...asked].sort(), [`${assets[0].id} web`, `${large.id} web`].sort())
  await page.keyboard.press('Shift+1')
  await canvas(page, { pictures: '9 0 0' })
  assert.equal(asked.filter((one) => one.endsWith(' web')).length, 9)
  assert.equal(asked.filter((one) => one.endsWith(' full')).length, 0)
})

test('a file that is not there leaves a mark, and is asked for again', async ({ node, openBoard, outside }) => {
  const board = await node.createBoard('Missing')
  const seen = await outside(board)
  seen.write({ gone: picture({ id: `ast_${'0'.repeat(26)}`, w: 300, h: 200 }, [500, 300, 300, 200, 0], 'a0') })
  const page = await openBoard(board, { forgive: /404/ })
  await canvas(page, { pictures: '0 0 1' })
  await page.screenshot({ path: `${out}/images-missing.png` })
  const again = page.waitForRequest(/\/assets\/ast_0+\/web/)
  await page.mouse.click(650, 400, { button: 'right' })
  await testId(page, 'menu-reloadImage').click()
  await again
})

test('it says how far it is on its way, and can be called back', async (world) => {
  const { page, seen } = await two(world)
  const slow = await page.context().newCDPSession(page)
  await slow.send('Network.enable')
  const conditions = { offline: false, latency: 0, downloadThroughput: -1, uploadThroughput: 40_000 }
  await slow.send('Network.emulateNetworkConditions', conditions)
  // Behind the picture lies what makes it long.
  const bytes = Buffer.concat([plain(300, 200, RED), Buffer.alloc(900_000, 1)])
  await drop(page, [640, 400], [{ name: 'slow.png', type: 'image/png', bytes }])
  await page.getByText(/Sending… [1-9]\d*%/).waitFor()
  await page.emulateMedia({ colorScheme: 'dark' })
  await page.screenshot({ path: `${out}/images-sending.png` })
  await testId(page, 'upload-cancel').click()
  await testId(page, 'upload').waitFor({ state: 'detached' })
  await slow.send('Network.emulateNetworkConditions', { ...conditions, uploadThroughput: -1 })
  await page.keyboard.press('s')
  await page.mouse.click(300, 300)
  await seen.until('the note', () => byType(seen.elements(), 'sticky').length === 1)
  assert.deepEqual(images(seen), [])
})

test('with accounts it is sent and seen by who may, and who may only look puts none there', async (world) => {
  const page = await setUp(world)
  const board = await newBoard(page, 'Pictures')
  const viewer = await join(world, await invite(page, 'viewer'), 'Bea')
  await drop(page, [640, 400], [{ name: 'halves.png', type: 'image/png', bytes: halves(400, 200) }])
  for (const one of [page, viewer]) {
    await colorAt(one, [500, 400], RED)
    await colorAt(one, [780, 400], BLUE)
  }
  await drop(viewer, [640, 100], [{ name: 'red.png', type: 'image/png', bytes: plain(100, 100, RED) }])
  assert.equal(await testId(viewer, 'tool-image').count(), 0)
  await viewer.reload()
  await phase(viewer, 'saved')
  await colorAt(viewer, [500, 400], RED)
  await canvas(viewer, { elements: 1 })
  assert.ok(board.startsWith('brd_'))
})
