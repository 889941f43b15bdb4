/** A node with an account and very many boards, and what its list of them is asked while it is measured. */
import assert from 'node:assert/strict'
import { PASSWORD, setupPath } from '../people.mjs'

const EMAIL = 'ada@example.org'
const AT_ONCE = 16
/** What the first screen shows, and somewhat more, have something on them. */
const DRAWN = 60
const OPEN_MS_MAX = 60_000

/** Of the one account there is. */
export async function fillNode(node, count) {
  const token = (await setupPath(node)).split('#')[1]
  const made = await node.ask('POST', '/auth/setup', { token, email: EMAIL, password: PASSWORD, display_name: 'Ada' })
  assert.equal(made.status, 201)
  const headers = { authorization: `Bearer ${(await made.json()).access_token}` }
  const boards = []
  const ask = async (path, body) => {
    const answer = await node.ask('POST', path, body, headers)
    assert.equal(answer.status, 201, await answer.clone().text())
    return answer.json()
  }
  await inTurns(count, async (at) => boards.push((await ask('/boards', { title: `Board ${at}` })).id))
  await inTurns(Math.min(DRAWN, count), async (at) => {
    for (let n = 0; n < 8; n += 1) {
      const box = [(n % 4) * 220, Math.floor(n / 4) * 220, 200, 200, 0]
      await ask(`/boards/${boards.at(-1 - at)}/elements`, { type: 'sticky', box, text: `Note ${n} of ${at}` })
    }
  })
}

async function inTurns(count, act) {
  let next = 0
  const hand = async () => {
    while (next < count) await act(next++)
  }
  await Promise.all(Array.from({ length: AT_ONCE }, hand))
}

/** The list is there and its worker installed. */
export async function signInHere(context, node) {
  const page = await context.newPage()
  await page.goto(`${node.url}/signin`)
  await page.locator('[data-testid=email]').fill(EMAIL)
  await page.locator('[data-testid=password]').fill(PASSWORD)
  await page.locator('[data-testid=submit]').click()
  await page.locator('[data-testid=board-card]').first().waitFor()
  await page.close()
}

export async function openList(context, node) {
  const page = await context.newPage()
  await page.addInitScript(watchOpening)
  await page.goto(node.url)
  await page.waitForFunction(() => window.opening?.pictures, undefined, { timeout: OPEN_MS_MAX }).catch(async (failure) => {
    const seen = await page.evaluate(() => ({ opening: window.opening, text: document.body.innerText.slice(0, 500) }))
    throw new Error(`the list did not open: ${JSON.stringify(seen)}`, { cause: failure })
  })
  const times = await page.evaluate(() => {
    const { cards, pictures, tasks } = window.opening
    const asked = performance.getEntriesByType('resource')
    const list = asked.find(({ name }) => /\/api\/v1\/boards\?/.test(name))
    const refresh = asked.find(({ name }) => name.endsWith('/auth/refresh'))
    return {
      page_ms: performance.getEntriesByType('navigation')[0].responseEnd,
      refreshed_ms: refresh?.responseEnd ?? NaN,
      asked_ms: list?.requestStart ?? NaN,
      answered_ms: list?.responseEnd ?? NaN,
      cards_ms: cards,
      pictures_ms: pictures,
      longest_task_ms: Math.max(0, ...tasks),
    }
  })
  return { page, times }
}

/** Runs in the page. The callback of a frame sees what was painted before; that frame is on screen by the next one. */
function watchOpening() {
  const opening = { cards: 0, pictures: 0, tasks: [] }
  window.opening = opening
  new PerformanceObserver((list) => opening.tasks.push(...list.getEntries().map((one) => one.duration))).observe({
    type: 'longtask',
    buffered: true,
  })
  let there = 0
  const look = () => {
    const cards = [...document.querySelectorAll('[data-testid=board-card]')]
    const inView = cards.filter((card) => card.getBoundingClientRect().top < innerHeight)
    if (there > 0 && opening.cards === 0) opening.cards = performance.now()
    if (inView.length >= 6) there += 1
    const pictures = inView.map((card) => card.querySelector('img'))
    if (inView.length >= 6 && pictures.every((one) => one?.complete && one.naturalWidth > 0)) opening.pictures = performance.now()
    else requestAnimationFrame(look)
  }
  requestAnimationFrame(look)
}
