// What is seen from the first moment on while a board opens, on a line as slow as it can be: nothing comes until it is let through.
import assert from 'node:assert/strict'
import { canvas, phase, suite, testId, until } from './harness.mjs'
import { note } from './outside.mjs'

const test = suite()

/** Holds what is asked for by such addresses until it is let go. */
async function hold(page, pattern) {
  let release
  const released = new Promise((resolve) => (release = resolve))
  const asked = { count: 0 }
  await page.route(pattern, async (route) => {
    asked.count += 1
    await released
    await route.continue()
  })
  return { asked, release }
}

test('progress is painted before any script of the app has come, and goes on until the board is there', async ({ node, openPage, outside }) => {
  const board = await node.createBoard('Slow')
  const other = await outside(board)
  other.write({ one: note(100, 100, 'Here') })
  // A page without scripts, which install nothing.
  const page = await openPage('/favicon.svg', { serviceWorkers: 'block' })
  const scripts = await hold(page, /\/assets\/.*\.js$/)
  const body = await hold(page, /\/ydoc\?part=body$/)
  const going = page.goto(`${node.url}/b/${board}`, { waitUntil: 'commit' })
  await page.getByRole('progressbar', { name: 'Easel' }).waitFor()
  await until('a first paint', () => page.evaluate(() => performance.getEntriesByName('first-contentful-paint').length > 0), 60_000)
  assert.equal(await testId(page, 'opening').count(), 0, 'no script has run')
  assert.ok(scripts.asked.count > 0)
  scripts.release()
  await going
  await page.getByRole('progressbar', { name: 'Opening the board' }).waitFor()
  body.release()
  await phase(page, 'saved')
  await canvas(page, { elements: 1 })
  await until('the end of the progress', async () => (await page.getByRole('progressbar').count()) === 0)
})
