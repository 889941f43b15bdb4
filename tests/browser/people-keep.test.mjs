// Whose a page is, and whose what a browser keeps.
import assert from 'node:assert/strict'
import { canvas, phase, statusOf, suite, testId, until } from './harness.mjs'
import { draw, invite, join, newBoard, open, setUp, signIn, signOut } from './people.mjs'

const test = suite()

test('who signs in is back where they wanted to go, in every tab', async (world) => {
  const ada = await setUp(world)
  const board = await newBoard(ada, 'Deep link')
  const context = await world.person()
  const page = await open(world, `/b/${board}`, { context })
  const other = await open(world, '/', { context })
  await testId(page, 'sign-in').waitFor()
  await testId(other, 'sign-in').waitFor()
  await signIn(page, 'ada@example.org')
  await phase(page, 'saved')
  await testId(other, 'board-card').waitFor()
  await signOut(other)
  await testId(page, 'sign-in').waitFor()
})

test('what a browser keeps belongs to a person: nobody else there sees it or sends it', async (world) => {
  const { node } = world
  const ada = await setUp(world)
  const board = await newBoard(ada, 'Shared desk')
  const context = ada.context()
  const bobs = await world.person()
  const bobPath = await invite(ada, 'editor')
  const bob = await join(world, bobPath, 'Bob', { context: bobs })
  await draw(ada, 300)
  await phase(ada, 'saved')
  await ada.evaluate(async () => void (await navigator.serviceWorker.ready))

  await node.kill()
  await phase(ada, 'reconnecting', 'offline')
  await draw(ada, 500)
  await until('unsent work', async () => (await statusOf(ada)).unsaved === 1)
  await ada.goto('about:blank')
  await node.start()
  // She signs out from the list of boards, is told what was not sent, and takes it with her.
  const list = await open(world, '/', { context })
  await signOut(list)
  await testId(list, 'sign-out-unsent').getByText('Shared desk').waitFor()
  const [file] = await Promise.all([list.waitForEvent('download'), testId(list, 'sign-out-download').click()])
  assert.match(file.suggestedFilename(), /^easel-brd_.*\.yjs$/)
  await testId(list, 'sign-in').waitFor()
  const kept = await list.evaluate(async () => (await indexedDB.databases()).map(({ name }) => name))
  assert.ok(!kept.some((name) => name.includes('usr_')), `${kept}`)

  // Bob uses the same browser: he sees what everybody sees.
  await signIn(list, 'bob@example.org')
  await testId(list, 'user-menu').waitFor()
  await list.goto(`${node.url}/b/${board}`)
  await phase(list, 'saved')
  await canvas(list, { elements: 1 })
  await canvas(bob, { elements: 1 })
})
