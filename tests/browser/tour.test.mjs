// A newcomer's first hour, by hand: a retrospective, a flowchart of thirty connected steps, a photo with remarks, and
// showing all of it. With PICTURE=1 the pictures of the README are made anew from it.
import assert from 'node:assert/strict'
import { mkdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { byType, canvas, drag, out, phase, suite, take, testId, until } from './harness.mjs'
import { drop, photo } from './pictures.mjs'

const test = suite()
const PICTURES = join(dirname(fileURLToPath(import.meta.url)), 'pictures')
const WIDE = { width: 1600, height: 1000 }
mkdirSync(out, { recursive: true })

async function shoot(page, name) {
  await page.evaluate(async () => {
    await document.fonts.ready
    await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))
  })
  await page.screenshot({ path: join(process.env.PICTURE === '1' ? PICTURES : out, `${name}.png`) })
}

async function write(page, text) {
  await testId(page, 'text-editor').waitFor()
  await page.keyboard.type(text)
  await page.keyboard.press('Escape')
  await page.keyboard.press('Escape')
}

/** Notes one below another, each begun with a key from the one before. */
async function column(page, [x, y], title, notes) {
  await take(page, 't')
  await page.mouse.click(x, y)
  await write(page, title)
  await page.keyboard.press('s')
  await page.mouse.click(x + 100, y + 160)
  await testId(page, 'text-editor').waitFor()
  for (const [i, note] of notes.entries()) {
    await page.keyboard.type(note)
    if (i < notes.length - 1) await page.keyboard.press('Control+Enter')
  }
  await page.keyboard.press('Escape')
  await page.keyboard.press('Escape')
}

test('a retrospective: three columns of notes, written without the mouse in between', async ({ node, openBoard, outside, person }) => {
  const board = await node.createBoard('Team retro')
  const page = await openBoard(board, { context: await person({ viewport: WIDE, reducedMotion: 'reduce' }) })
  const seen = await outside(board)
  await column(page, [180, 130], 'Went well', ['Search shipped early', 'Pairing on the sync bug', 'New colleagues'])
  await column(page, [680, 130], 'To improve', ['Reviews wait until Friday', 'Nobody owns the flaky test'])
  await column(page, [1180, 130], 'Ideas', ['Review hour at ten', 'Demo to a customer', 'One board a team'])
  await seen.until('three titles and eight notes, each written to its end', () => {
    const texts = byType(seen.elements(), 'sticky').map(({ text }) => text)
    return byType(seen.elements(), 'text').length === 3 && texts.length === 8 && texts.includes('New colleagues') && texts.includes('One board a team')
  })
  await page.keyboard.press('Shift+Digit1')
  await phase(page, 'saved')
  await shoot(page, 'retrospective')
})

/** Thirty steps in five rows, read like lines of text. */
const STEPS = Array.from({ length: 30 }, (_, at) => ({ at, x: 110 + (at % 6) * 235, y: 120 + Math.floor(at / 6) * 150, w: 150, h: 80 }))

test('a flowchart: thirty shapes, connected from shape to shape, and still connected when one moves', async ({ node, openBoard, outside, person }) => {
  const board = await node.createBoard('How a change reaches people')
  const page = await openBoard(board, { context: await person({ viewport: WIDE, reducedMotion: 'reduce' }) })
  const seen = await outside(board)
  for (const { at, x, y, w, h } of STEPS) {
    await page.keyboard.press(['r', 'o', 'd'][at % 3])
    await drag(page, [x, y], [x + w, y + h], { steps: 3 })
    await page.keyboard.press('Enter')
    await write(page, `Step ${at + 1}`)
  }
  const middle = ({ x, y, w, h }) => [x + w / 2, y + h / 2]
  for (const step of STEPS.slice(1)) {
    await take(page, 'c')
    await drag(page, middle(STEPS[step.at - 1]), middle(step), { steps: 4 })
    await page.keyboard.press('Escape')
  }
  const connectors = () => byType(seen.elements(), 'connector')
  await seen.until('29 connectors', () => connectors().length === 29)
  for (const { data } of connectors()) assert.ok(data.from.element && data.to.element, 'both ends are bound')
  await page.keyboard.press('v')
  await page.keyboard.press('Escape')
  const before = JSON.stringify(connectors())
  await drag(page, middle(STEPS[8]), [middle(STEPS[8])[0] + 30, middle(STEPS[8])[1] + 40])
  await phase(page, 'saved')
  assert.equal(JSON.stringify(connectors()), before, 'nobody wrote to a connector because its element moved')
  await page.keyboard.press('Escape')
  await shoot(page, 'flowchart')
})
test('a photo with remarks on it, then shown from frames', async ({ node, openBoard, outside, person }) => {
  const board = await node.createBoard('The new office')
  const page = await openBoard(board, { context: await person({ viewport: WIDE, reducedMotion: 'reduce' }) })
  const seen = await outside(board)
  await drop(page, [560, 430], [{ name: 'office.png', type: 'image/png', bytes: photo(720, 480) }])
  await seen.until('the photo', () => byType(seen.elements(), 'image').length === 1)
  await page.keyboard.press('Escape')
  await page.keyboard.press('p')
  await page.mouse.move(420, 330)
  await page.mouse.down()
  for (let turn = 0; turn <= 40; turn += 1) await page.mouse.move(350 + 80 * Math.cos(turn / 6.2), 330 + 55 * Math.sin(turn / 6.2))
  await page.mouse.up()
  await page.keyboard.press('s')
  await page.mouse.click(1150, 330)
  await write(page, 'More light here')
  await page.keyboard.press('f')
  await drag(page, [150, 140], [1290, 720])
  await page.keyboard.press('Escape')
  await page.keyboard.press('Escape')
  await seen.until('a frame', () => byType(seen.elements(), 'frame').length === 1)
  await phase(page, 'saved')
  await shoot(page, 'photo')
  await canvas(page, { elements: 4 })
  await page.keyboard.press('Control+k')
  await testId(page, 'palette-input').fill('present')
  await page.keyboard.press('Enter')
  await testId(page, 'presentation').waitFor()
  await until('the bars to be gone', async () => (await testId(page, 'tool-select').count()) === 0 || !(await testId(page, 'tool-select').isVisible()))
  await shoot(page, 'presentation')
  await page.keyboard.press('Escape')
  await testId(page, 'tool-select').waitFor()
})
