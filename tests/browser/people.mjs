// What tests of people have in common: the first account, signing in, and the way onto a board.
import { drag, phase, take, testId, until } from './harness.mjs'

export const PASSWORD = 'four small green tables'

/** What Chromium says of an answer that is a refusal: pages are tested for what they make of it. */
const REFUSED = /status of 4\d\d/

export const setupPath = async (node) => {
  const found = await until('the setup address', () => /\/setup#[A-Za-z0-9_.-]+/.exec(node.log.join('\n')))
  return found[0]
}

export const open = (world, path, options = {}) => world.openPage(path, { forgive: REFUSED, ...options })

export const fill = async (page, fields) => {
  for (const [id, text] of Object.entries(fields)) await testId(page, id).fill(text)
}

/** The first account, signed in at the list of boards. */
export async function setUp(world, options = {}) {
  const page = await open(world, await setupPath(world.node), options)
  await fill(page, { name: 'Ada Lovelace', email: 'ada@example.org', password: PASSWORD })
  await testId(page, 'submit').click()
  await testId(page, 'user-menu').waitFor()
  await testId(page, 'empty').waitFor()
  return page
}

export async function signIn(page, email) {
  await fill(page, { email, password: PASSWORD })
  await testId(page, 'submit').click()
}

export async function signOut(page) {
  await testId(page, 'user-menu').click()
  await testId(page, 'sign-out').click()
}

export async function newBoard(page, title) {
  await testId(page, 'new-board').click()
  await page.waitForURL(/\/b\/brd_/)
  await phase(page, 'saved')
  await testId(page, 'board-title').click()
  await page.keyboard.type(title)
  await page.keyboard.press('Enter')
  await until('the title', async () => (await page.title()).startsWith(title))
  return new URL(page.url()).pathname.slice('/b/'.length)
}

export async function draw(page, x, y = 300) {
  await take(page, 'r')
  await drag(page, [x, y], [x + 80, y + 80], { steps: 3 })
}

/** Makes an invitation in the open board's dialog; answers its path. */
export async function invite(page, role) {
  await testId(page, 'share').click()
  await testId(page, 'share-invitations').click()
  await testId(page, 'invite-role').selectOption(role)
  await testId(page, 'invite-make').click()
  const address = await testId(page, 'invite-address-value').inputValue()
  await testId(page, 'dialog-close').click()
  return new URL(address).pathname
}

/** Somebody new, who comes by an invitation and ends on its board. */
export async function join(world, path, name, options) {
  const page = await open(world, path, options)
  await testId(page, 'invite').waitFor()
  await fill(page, { name, email: `${name.toLowerCase()}@example.org`, password: PASSWORD })
  await testId(page, 'submit').click()
  await page.waitForURL(/\/b\/brd_/)
  await phase(page, 'saved')
  return page
}

/** In the open dialog, by the name of a member. */
export const member = (page, name) => page.locator(`[data-testid=member][data-name="${name}"]`)
