/**
 * Three people draw at random on one board, with the node killed and people offline now and then; at the end all three
 * and a stock client hold the same document and no page has complained:
 * `node tests/browser/session.mjs [--seconds 1200] [--seed N]`. Part of `make soak`; a seed gives the same hands, not the
 * same moments.
 */
import assert from 'node:assert/strict'
import { parseArgs } from 'node:util'
import { launch, phase, startNode, take, testId, until, watchedPage } from './harness.mjs'
import { outside } from './outside.mjs'

const { values: options } = parseArgs({
  options: { seconds: { type: 'string', default: '1200' }, seed: { type: 'string', default: String(Date.now() % 1_000_000) } },
})
const VIEWPORT = { width: 1280, height: 800 }
/** A board that only grows would say more of painting than of editing. */
const ELEMENTS_MAX = 400
const KILL_EVERY_MS = 60_000

const random = seeded(Number(options.seed))
const below = (n) => Math.floor(random() * n)
const one = (list) => list[below(list.length)]
const place = () => [220 + below(840), 130 + below(520)]

/** What a person does next, with how often. */
const DOES = [
  [6, drawShape],
  [4, stick],
  [3, scribble],
  [3, connect],
  [1, frame],
  [8, carry],
  [4, pick],
  [3, typeInto],
  [4, pressed('Control+z')],
  [2, pressed('Control+Shift+z')],
  [2, pressed('Control+d')],
  [2, pressed('Delete')],
  [1, pressed('Control+g')],
  [1, pressed('Control+Shift+g')],
  [1, pressed(']')],
  [1, pressed('[')],
  [1, pressed('ArrowRight')],
  [1, pressed('Alt+a')],
  [1, pressed('Alt+Shift+t')],
  [2, look],
  [1, copyAndPaste],
]
const BAG = DOES.flatMap(([weight, act]) => Array(weight).fill(act))

console.log(`seed ${options.seed}, ${options.seconds} s`)
const node = await startNode()
const browser = await launch()
const done = new Map()
try {
  const board = await node.createBoard('Session')
  const pages = []
  for (let n = 0; n < 3; n += 1) {
    const context = await browser.newContext({ viewport: VIEWPORT, reducedMotion: 'reduce' })
    const page = await watchedPage(context, node)
    await page.goto(`${node.url}/b/${board}`)
    await phase(page, 'saved')
    pages.push({ page, context })
  }
  const ends = Date.now() + Number(options.seconds) * 1000
  const killing = killNowAndThen(ends)
  await Promise.all(pages.map((person) => draw(person, ends)))
  await killing
  for (const { page, context } of pages) {
    await context.setOffline(false)
    await page.keyboard.press('Escape')
    await page.keyboard.press('Escape')
  }
  for (const { page } of pages) await phase(page, 'saved')
  const equal = await compare(board, pages.map(({ page }) => page))
  for (const { page } of pages) page.assertClean()
  const counts = [...done].map(([what, times]) => `${times} × ${what}`).join(', ')
  console.log(`session: 1 passed, ${equal} elements equal everywhere at the end, nothing complained: ${counts}`)
} finally {
  await browser.close()
  await node.stop()
}
process.exit()

async function draw({ page, context }, ends) {
  while (Date.now() < ends) {
    if (below(120) === 0) {
      count('offline')
      await context.setOffline(true)
      for (let n = 0; n < 8; n += 1) await act(page)
      await context.setOffline(false)
    } else if (below(250) === 0) {
      count('reload')
      await page.reload()
      await testId(page, 'canvas').waitFor()
    } else await act(page)
  }
}

async function act(page) {
  const elements = Number(await testId(page, 'canvas').getAttribute('data-elements'))
  const doing = elements > ELEMENTS_MAX ? thin : one(BAG)
  count(doing.called ?? doing.name)
  await doing(page)
}

function count(what) {
  done.set(what, (done.get(what) ?? 0) + 1)
}

async function drag(page, from, to) {
  await page.mouse.move(...from)
  await page.mouse.down()
  await page.mouse.move(...to, { steps: 2 + below(4) })
  await page.mouse.up()
}

async function drawShape(page) {
  await take(page, one(['r', 'o', 'd']))
  await drag(page, place(), place())
}

async function stick(page) {
  await take(page, 's')
  await page.mouse.click(...place())
  await page.keyboard.type(one(['ship it', 'why?', 'ask them', 'Größe', 'next 🎉']))
  await page.keyboard.press('Escape')
}

async function scribble(page) {
  await take(page, 'p')
  await page.mouse.move(...place())
  await page.mouse.down()
  for (let n = 0; n < 6; n += 1) await page.mouse.move(...place(), { steps: 3 })
  await page.mouse.up()
  await take(page, 'v')
}

async function connect(page) {
  await take(page, one(['l', 'c']))
  await drag(page, place(), place())
  await take(page, 'v')
}

async function frame(page) {
  await take(page, 'f')
  await drag(page, place(), place())
  await take(page, 'v')
}

async function carry(page) {
  await take(page, 'v')
  if (below(2) === 0) await drag(page, place(), place())
  await drag(page, place(), place())
}

async function pick(page) {
  await take(page, 'v')
  await page.mouse.click(...place())
}

async function typeInto(page) {
  await pick(page)
  await page.keyboard.press('Enter')
  await page.keyboard.type(one([' and more', ' again', '?']))
  await page.keyboard.press('Escape')
}

async function look(page) {
  await page.mouse.move(...place())
  await page.mouse.wheel(below(200) - 100, below(200) - 100)
  if (below(4) === 0) await page.keyboard.press(one(['Shift+Digit1', 'Control+Digit0']))
}

async function copyAndPaste(page) {
  await page.keyboard.press('Control+c')
  await page.keyboard.press('Control+v')
}

/** Makes room: everything a marquee finds goes. */
async function thin(page) {
  await take(page, 'v')
  await page.keyboard.press('Shift+Digit1')
  await drag(page, place(), place())
  await page.keyboard.press('Delete')
}

function pressed(key) {
  const press = (page) => page.keyboard.press(key)
  press.called = key
  return press
}

async function killNowAndThen(ends) {
  while (Date.now() + KILL_EVERY_MS < ends) {
    await new Promise((resolve) => setTimeout(resolve, KILL_EVERY_MS))
    count('kill -9')
    await node.kill()
    await node.start()
  }
}

/** All hold what a stock client is sent, element by element. */
async function compare(board, pages) {
  const client = await outside(node, board)
  for (const page of pages) {
    await until('the page to hold as many elements', async () => Number(await testId(page, 'canvas').getAttribute('data-elements')) === client.ids().length)
    await take(page, 'v')
    const held = await page.evaluate(copyOfAll)
    const shown = Object.entries(client.elements()).filter(([, { locked }]) => locked !== true)
    for (const { id, snapshot } of held) {
      const theirs = client.get(id)
      assert.ok(theirs, `${id} is on a page and nowhere else`)
      const text = snapshot.keys.text?.$text?.map(({ insert }) => insert).join('')
      assert.equal(text ?? '', theirs.text ?? '', `text of ${id}`)
      for (const key of ['type', 'box', 'z', 'parent', 'kind', 'fill', 'stroke']) {
        assert.deepEqual(snapshot.keys[key] ?? undefined, theirs[key] ?? undefined, `${key} of ${id}`)
      }
    }
    assert.equal(held.length, shown.length, 'as many elements are copied as there are')
  }
  const total = client.ids().length
  client.close()
  return total
}

/** Runs in the page: what is copied of everything. */
async function copyOfAll() {
  const press = (key) => window.dispatchEvent(new KeyboardEvent('keydown', { key, code: `Key${key.toUpperCase()}`, ctrlKey: true, bubbles: true }))
  press('a')
  await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)))
  const clipboardData = new DataTransfer()
  document.dispatchEvent(new ClipboardEvent('copy', { clipboardData, bubbles: true, cancelable: true }))
  const type = clipboardData.types.find((name) => name.includes('easel'))
  return type === undefined ? [] : JSON.parse(clipboardData.getData(type)).elements
}

/** mulberry32. */
function seeded(seed) {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), state | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}
