// What a page sends while the hand is faster than the screen: at most one frame of changes for each frame it draws.
import assert from 'node:assert/strict'
import { canvas, phase, suite } from './harness.mjs'

const test = suite()

/** In the page: every animation frame and every message with changes that is sent, in their order. */
function record() {
  const log = []
  window.log = log
  const send = WebSocket.prototype.send
  WebSocket.prototype.send = function (bytes) {
    // A sync message begins with 0, and one that carries changes goes on with 2.
    const [kind, step] = new Uint8Array(bytes.buffer ?? bytes, bytes.byteOffset ?? 0)
    log.push(kind === 0 && step === 2 ? 'update' : 'other')
    send.call(this, bytes)
  }
  const tick = () => {
    log.push('frame')
    requestAnimationFrame(tick)
  }
  requestAnimationFrame(tick)
}

test('many changes in one animation frame leave as one message', async ({ node, openPage, outside }) => {
  const board = await node.createBoard('Fast hands')
  const page = await openPage('/')
  await page.addInitScript(record)
  await page.goto(`${node.url}/b/${board}`)
  await phase(page, 'saved')
  const seen = await outside(board)
  await page.keyboard.press('r')
  await page.mouse.move(300, 300)
  await page.mouse.down()
  await page.mouse.move(400, 400, { steps: 4 })
  await page.mouse.up()
  await phase(page, 'saved')
  await canvas(page, { elements: 1, selected: 1 })

  // Every key is a change of its own: twenty in one task of the page, thirty times over.
  const pressed = await page.evaluate(async () => {
    window.log.length = 0
    const target = document.querySelector('[data-testid=canvas]')
    const frame = () => new Promise((resolve) => requestAnimationFrame(resolve))
    for (let round = 0; round < 30; round += 1) {
      for (let n = 0; n < 20; n += 1) {
        target.dispatchEvent(new KeyboardEvent('keydown', { key: 'ArrowRight', code: 'ArrowRight', bubbles: true, cancelable: true }))
      }
      await frame()
    }
    await frame()
    await frame()
    return 30 * 20
  })
  await seen.until('every step to arrive', () => Object.values(seen.elements())[0]?.box[0] === 300 + pressed)
  const log = await page.evaluate(() => window.log)
  const perFrame = log.join(' ').split('frame').map((between) => between.split('update').length - 1)
  const updates = perFrame.reduce((sum, count) => sum + count, 0)
  assert.ok(Math.max(...perFrame) <= 1, `at most one message between two frames, of ${perFrame.join(' ')}`)
  assert.ok(updates > 1 && updates <= 32, `${pressed} changes left in ${updates} messages`)
})

test('a fast pen sends its stroke once, and nothing of the document before', async ({ node, openPage }) => {
  const board = await node.createBoard('Fast pen')
  const page = await openPage('/')
  await page.addInitScript(record)
  await page.goto(`${node.url}/b/${board}`)
  await phase(page, 'saved')
  await page.keyboard.press('p')
  await page.mouse.move(200, 300)
  await page.evaluate(() => (window.log.length = 0))
  await page.mouse.down()
  for (let n = 1; n <= 200; n += 1) await page.mouse.move(200 + n * 3, 300 + 40 * Math.sin(n / 5))
  assert.equal((await page.evaluate(() => window.log)).filter((one) => one === 'update').length, 0)
  await page.mouse.up()
  await canvas(page, { elements: 1 })
  await phase(page, 'saved')
  assert.equal((await page.evaluate(() => window.log)).filter((one) => one === 'update').length, 1)
})
