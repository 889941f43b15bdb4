// What the page says of the state of one's work, each state brought about by breaking a real server.
// Offline with changes waiting, reconnecting, a server that stands still, set aside and deleted: together.test.mjs.
import assert from 'node:assert/strict'
import { canvas, drag, phase, statusOf, suite, take, testId, until } from './harness.mjs'
import { invite, join, member, newBoard, open, setUp, signIn } from './people.mjs'
import { readBoard } from './outside.mjs'

const test = suite()

async function draw(page, x) {
  await take(page, 'r')
  await drag(page, [x, 300], [x + 60, 360], { steps: 3 })
}

const says = (page, wanted) => until(wanted, async () => (await statusOf(page)).text === wanted)

/** The node again, with other settings, on the same folder and port. */
async function restart(node, settings) {
  await node.kill()
  Object.assign(process.env, settings)
  try {
    await node.start()
  } finally {
    for (const name of Object.keys(settings)) delete process.env[name]
  }
}

test('a server without room says so, loses nothing and saves it when there is room again', async ({ node, openBoard }) => {
  const board = await node.createBoard('Full')
  const page = await openBoard(board)
  page.forgive(/status of 507/)
  await draw(page, 200)
  await phase(page, 'saved')
  // More than any disk has is to stay free.
  await restart(node, { EASEL_STORAGE__DISK_RESERVE: '4000000GiB' })
  await phase(page, 'reconnecting', 'saved')
  await draw(page, 400)
  await says(page, 'The server’s disk is full')
  const { unsaved } = await statusOf(page)
  assert.ok(unsaved > 0, 'what waits is counted')
  await draw(page, 600)
  await canvas(page, { elements: 3 })
  await page.reload()
  await canvas(page, { elements: 3 })
  assert.notEqual((await statusOf(page)).phase, 'saved')
  await restart(node, {})
  await phase(page, 'saved')
  await says(page, 'Saved')
  assert.equal(Object.keys(await readBoard(node, board)).length, 3)
})

test('who may only look is told so, and so is who may draw again', async (world) => {
  const ada = await setUp(world)
  await newBoard(ada, 'Looks')
  const bob = await join(world, await invite(ada, 'viewer'), 'Bob')
  await says(bob, 'Read-only')
  await draw(bob, 300)
  await canvas(bob, { elements: 0 })
  await testId(ada, 'share').click()
  await member(ada, 'Bob').getByTestId('member-role').selectOption('editor')
  await says(bob, 'Saved')
  await draw(bob, 300)
  await canvas(ada, { elements: 1 })
})

test('who was signed out elsewhere is told, and goes on where they were after signing in', async (world) => {
  const { node } = world
  const ada = await setUp(world)
  const board = await newBoard(ada, 'Expired')
  const elsewhere = await open(world, `/b/${board}`)
  await signIn(elsewhere, 'ada@example.org')
  await phase(elsewhere, 'saved')
  await draw(elsewhere, 300)
  await phase(elsewhere, 'saved')
  await ada.goto(`${node.url}/account`)
  await testId(ada, 'sessions-end-others').click()
  await until('one place', async () => (await testId(ada, 'session').count()) === 1)
  await testId(elsewhere, 'sign-in').or(testId(elsewhere, 'board-closed')).first().waitFor()
  await elsewhere.goto(`${node.url}/b/${board}`)
  await signIn(elsewhere, 'ada@example.org')
  await phase(elsewhere, 'saved')
  await canvas(elsewhere, { elements: 1 })
  await draw(elsewhere, 500)
  await phase(elsewhere, 'saved')
})
