/** A small retrospective, drawn by hand: by mouse and keyboard, in the light of the day. */
import { drag, testId } from './harness.mjs'

async function choose(page, part, ...choices) {
  await testId(page, part).click()
  for (const choice of choices) await testId(page, choice).click()
  await page.keyboard.press('Escape')
}

/** A tool, and how what is drawn with it is to look. */
async function take(page, key, styles = {}) {
  await page.keyboard.press(key)
  for (const [part, choices] of Object.entries(styles)) await choose(page, part, ...choices)
}

async function write(page, text) {
  await testId(page, 'text-editor').waitFor()
  await page.keyboard.type(text)
  await page.keyboard.press('Escape')
  await page.keyboard.press('Escape')
}

async function heading(page, [x, y], text, size) {
  await take(page, 't', { 'prop-text': [`size-${size}`] })
  await page.mouse.click(x, y)
  await write(page, text)
}

async function sticky(page, [x, y], color, text) {
  await take(page, 's', { 'prop-fill': [`color-${color}`] })
  await page.mouse.click(x, y)
  await write(page, text)
}

async function step(page, key, box, color, text) {
  const [x, y, w, h] = box
  await take(page, key, { 'prop-fill': [`color-${color}`], 'prop-stroke': [`color-${color}`] })
  await drag(page, [x, y], [x + w, y + h])
  await page.keyboard.press('Enter')
  await write(page, text)
}

async function line(page, from, to) {
  await take(page, 'l')
  await drag(page, from, to)
  await page.keyboard.press('Escape')
}

async function scribble(page, color, points) {
  await take(page, 'p', { 'prop-stroke': [`color-${color}`, 'width-4'] })
  const [first, ...rest] = points
  await page.mouse.move(...first)
  await page.mouse.down()
  for (const point of rest) await page.mouse.move(...point)
  await page.mouse.up()
  await page.keyboard.press('v')
}

/** A ring around something, not quite closed, as a hand draws it. */
const ring = (cx, cy, rx, ry) =>
  Array.from({ length: 70 }, (_, i) => {
    const turn = -2.2 + (i / 69) * 6.75
    const loose = 1 + 0.05 * Math.sin(i / 9)
    return [cx + rx * loose * Math.cos(turn), cy + ry * loose * Math.sin(turn)]
  })

const underline = (x, y, w) => Array.from({ length: 40 }, (_, i) => [x + (w * i) / 39, y + 4 * Math.sin(i / 3.2) - i / 8])

/** Fills an empty board of 1600 × 1000. Everything stands clear of the bars. */
export async function drawExample(page) {
  await heading(page, [120, 130], 'Sprint 14 retro', 'huge')
  await scribble(page, 'orange', underline(122, 172, 344))

  await heading(page, [120, 232], 'Went well', 'large')
  await sticky(page, [220, 374], 'green', 'Search shipped two days early')
  await sticky(page, [440, 374], 'green', 'Pairing on the sync bug: found in an hour')
  await heading(page, [620, 232], 'To improve', 'large')
  await sticky(page, [720, 374], 'pink', 'Reviews wait until Friday')
  await sticky(page, [940, 374], 'pink', 'Nobody owns the flaky test')
  await heading(page, [1120, 232], 'Ideas', 'large')
  await sticky(page, [1220, 374], 'yellow', 'Review hour, every day at 10')
  await sticky(page, [1440, 374], 'blue', 'Demo to a customer, not to ourselves')

  await heading(page, [120, 600], 'How a change reaches people', 'large')
  await step(page, 'o', [120, 710, 170, 110], 'green', 'Idea')
  await step(page, 'r', [370, 710, 190, 110], 'blue', 'Draft and pair')
  await step(page, 'd', [640, 680, 210, 170], 'orange', 'Review\nin a day?')
  await step(page, 'r', [930, 710, 190, 110], 'violet', 'Ship behind\na flag')
  await step(page, 'o', [1200, 710, 190, 110], 'teal', 'Everyone has it')
  await line(page, [292, 765], [368, 765])
  await line(page, [562, 765], [638, 765])
  await line(page, [852, 765], [928, 765])
  await line(page, [1122, 765], [1198, 765])

  await scribble(page, 'red', ring(745, 766, 138, 112))
}
