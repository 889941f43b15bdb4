// What a person has of their own: how they look to others, what they chose, what they did, and forms that say what is wrong.
import assert from 'node:assert/strict'
import { phase, suite, testId, until } from './harness.mjs'
import { PASSWORD, fill, invite, join, member, newBoard, open, setUp, setupPath, signIn, signOut } from './people.mjs'

const test = suite()

const colorIn = (place) => place.locator('.avatar').first().evaluate((avatar) => getComputedStyle(avatar).backgroundColor)

test('a person has one colour, wherever they are seen', async (world) => {
  const ada = await setUp(world)
  await newBoard(ada, 'Garden')
  const bob = await join(world, await invite(ada, 'editor'), 'Bob')
  const peer = ada.locator('[data-testid=peer][data-name="Bob"]')
  await peer.waitFor()
  const seen = await colorIn(peer)
  assert.equal(await colorIn(testId(bob, 'me')), seen, 'to himself on the board')
  await testId(ada, 'share').click()
  await member(ada, 'Bob').waitFor()
  assert.equal(await colorIn(member(ada, 'Bob')), seen, 'among the members')
  await bob.goto(world.node.url)
  await testId(bob, 'user-menu').waitFor()
  assert.equal(await colorIn(testId(bob, 'user-menu')), seen, 'in the bar of the pages')
})

test('a picture is seen by the others as soon as its person is there', async (world) => {
  const ada = await setUp(world)
  const board = await newBoard(ada, 'Garden')
  const bob = await join(world, await invite(ada, 'editor'), 'Bob')
  const peer = ada.locator('[data-testid=peer][data-name="Bob"]')
  await peer.waitFor()
  const pictures = (place) => place.locator('.avatar__picture')
  // Come, and as large as its file is: what does not load is taken out again.
  const isShown = async (place) =>
    (await pictures(place).count()) === 1 && (await pictures(place).evaluate((img) => img.naturalWidth > 0))
  assert.equal(await pictures(peer).count(), 0)

  const toAccount = async () => {
    await bob.goto(`${world.node.url}/account`)
    await testId(bob, 'picture').waitFor()
  }
  const toBoard = async () => {
    await bob.goto(`${world.node.url}/b/${board}`)
    await phase(bob, 'saved')
    await peer.waitFor()
  }
  await toAccount()
  const file = { name: 'bob.png', mimeType: 'image/png', buffer: await bob.screenshot() }
  await testId(bob, 'picture-file').setInputFiles(file)
  await testId(bob, 'picture-remove').waitFor()
  await until('the picture in the account', () => isShown(testId(bob, 'user-menu')))
  await toBoard()
  await until('the picture in the bar of another page', () => isShown(peer))
  await until('the picture to himself', () => isShown(testId(bob, 'me')))

  await toAccount()
  await testId(bob, 'picture-remove').click()
  await testId(bob, 'picture-remove').waitFor({ state: 'detached' })
  await toBoard()
  await until('the initials', async () => (await pictures(peer).count()) === 0)
})

test('what somebody chose is there in their next browser, and not for the next person', async (world) => {
  const ada = await setUp(world)
  await newBoard(ada, 'Garden')
  const invitation = await invite(ada, 'editor')
  await ada.goto(`${world.node.url}/account`)
  await testId(ada, 'looks-theme').selectOption('dark')
  await testId(ada, 'looks-motion').selectOption('less')
  await until('the dark', () => ada.evaluate(() => document.documentElement.dataset.theme === 'dark'))

  const other = await open(world, '/')
  const themeThere = () => other.evaluate(() => document.documentElement.dataset.theme)
  assert.equal(await themeThere(), 'light')
  await signIn(other, 'ada@example.org')
  await testId(other, 'user-menu').waitFor()
  await until('the dark in the other browser', async () => (await themeThere()) === 'dark')
  await until('the calm in it', () => other.evaluate(() => document.documentElement.dataset.motion === 'less'))
  // Two browsers that choose different things lose nothing.
  await testId(other, 'sort').click()
  await testId(other, 'sort-title').click()
  await testId(ada, 'looks-theme').selectOption('light')
  const third = await open(world, '/')
  await signIn(third, 'ada@example.org')
  await testId(third, 'sort').getByText('Title').waitFor()
  await until('the light', () => third.evaluate(() => localStorage.getItem('easel.theme') === 'light'))

  const bob = await join(world, invitation, 'Bob')
  assert.equal(await bob.evaluate(() => document.documentElement.dataset.motion), 'system')
})

test('what one did says on which board, as long as one sees it', async (world) => {
  const ada = await setUp(world)
  const board = await newBoard(ada, 'Garden')
  const bob = await join(world, await invite(ada, 'editor'), 'Bob')
  await bob.goto(`${world.node.url}/account`)
  const line = testId(bob, 'activity').getByRole('listitem').first()
  await line.getByRole('link', { name: 'Garden' }).click()
  await phase(bob, 'saved')
  assert.equal(new URL(bob.url()).pathname, `/b/${board}`)

  await testId(ada, 'share').click()
  await member(ada, 'Bob').getByTestId('member-menu').click()
  await testId(ada, 'member-remove').click()
  await member(ada, 'Bob').waitFor({ state: 'detached' })
  await bob.goto(`${world.node.url}/account`)
  await line.getByText('a board that you do not see any more').waitFor()
  assert.equal(await testId(bob, 'activity').getByText('Garden').count(), 0)
})

test('a form says next to each field what is wrong with it, and goes to the first', async (world) => {
  const page = await open(world, await setupPath(world.node))
  await fill(page, { email: 'ada', password: 'short' })
  await page.keyboard.press('Enter')
  const wrong = async (id) => {
    const field = testId(page, id)
    assert.equal(await field.getAttribute('aria-invalid'), 'true')
    const about = (await field.getAttribute('aria-describedby')).split(' ').find((one) => one.endsWith('-wrong'))
    return page.locator(`[id="${about}"]`).innerText()
  }
  assert.equal(await wrong('name'), 'Name is needed.')
  assert.match(await wrong('email'), /not an e-mail address/)
  assert.match(await wrong('password'), /at least 8 characters/)
  assert.equal(await testId(page, 'name').evaluate((field) => field === document.activeElement), true)
  await fill(page, { name: 'Ada' })
  assert.equal(await testId(page, 'name').getAttribute('aria-invalid'), 'false')
  await fill(page, { email: 'ada@example.org', password: 'four small green tables' })
  await page.keyboard.press('Enter')
  await testId(page, 'user-menu').waitFor()
  await signOut(page)
  await testId(page, 'sign-in').waitFor()
})

test('who signs up on the way to a place of a board comes to that place', async (world) => {
  const { node } = world
  const ada = await setUp(world)
  const board = await newBoard(ada, 'Garden')
  await node.kill()
  process.env.EASEL_AUTH__REGISTRATION = 'open'
  try {
    await node.start()
  } finally {
    delete process.env.EASEL_AUTH__REGISTRATION
  }
  const bob = await open(world, `/b/${board}#v=1200,200,0.5`)
  await testId(bob, 'to-sign-up').click()
  await testId(bob, 'sign-up').waitFor()
  await fill(bob, { name: 'Bob', email: 'bob@example.org', password: PASSWORD })
  await testId(bob, 'submit').click()
  await until('the place', () => bob.url() === `${node.url}/b/${board}#v=1200,200,0.5`)
})
