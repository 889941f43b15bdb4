// Below a path of a host that has other things as well, behind the nginx of the example, with TLS.
import assert from 'node:assert/strict'
import { canvas, phase, suite, testId, until } from './harness.mjs'
import { nginxWithTls } from './nginx.mjs'
import { draw, newBoard, open, setUp, signIn, signOut } from './people.mjs'

const BASE = '/easel'
// Its certificate is nobody's.
const test = suite({ front: () => nginxWithTls(BASE), args: ['--ignore-certificate-errors'] })

test('everything works below a path, over TLS', async (world) => {
  const { node, person } = world
  const context = await person()
  const sockets = []
  const ada = await setUp(world, { context })
  ada.on('websocket', (socket) => sockets.push(new URL(socket.url())))
  assert.equal(new URL(ada.url()).pathname, `${BASE}/`)
  const cookies = await context.cookies()
  const session = cookies.find((cookie) => cookie.name === '__Host-easel_rt')
  assert.ok(session?.secure && session.httpOnly && session.path === '/', JSON.stringify(cookies))

  const board = (await newBoard(ada, 'Below a path')).replace(/^.*\//, '')
  assert.equal(new URL(ada.url()).pathname, `${BASE}/b/${board}`)
  await until('a WebSocket', () => sockets.length > 0)
  for (const { protocol, pathname } of sockets) {
    assert.equal(protocol, 'wss:')
    assert.ok(pathname.startsWith(`${BASE}/sync/`), pathname)
  }

  // A second page of the same person, opened by its address, and what the two draw.
  const again = await world.openPage(`/b/${board}`, { context })
  await phase(again, 'saved')
  await draw(ada, 200)
  await canvas(again, { elements: 1 })
  await draw(again, 400)
  await canvas(ada, { elements: 2 })
  await phase(again, 'saved')

  // A guest comes by a link, which says the whole address.
  await testId(ada, 'share').click()
  await testId(ada, 'share-links').click()
  await testId(ada, 'link-role').selectOption('editor')
  await testId(ada, 'link-make').click()
  const link = await testId(ada, 'link-address-value').inputValue()
  assert.ok(link.startsWith(`${node.url}/s/`), link)
  await testId(ada, 'dialog-close').click()
  const guest = await open(world, link.slice(node.url.length))
  await testId(guest, 'guest-name').fill('Dora')
  await testId(guest, 'submit').click()
  await guest.waitForURL(/\/easel\/b\/brd_/)
  await phase(guest, 'saved')
  await canvas(guest, { elements: 2 })
  await draw(guest, 600)
  await canvas(ada, { elements: 3 })

  // The whole shell is there by now, and opens without the server.
  await until('the service worker', () => again.evaluate(() => navigator.serviceWorker.controller !== null))
  const scope = await again.evaluate(async () => (await navigator.serviceWorker.getRegistration()).scope)
  assert.equal(scope, `${node.url}/`)
  await again.close()

  await ada.goto(`${node.url}/`)
  await testId(ada, 'user-menu').waitFor()
  await signOut(ada)
  await testId(ada, 'submit').waitFor()
  assert.equal(new URL(ada.url()).pathname.startsWith(`${BASE}/`), true)
  await signIn(ada, 'ada@example.org')
  await testId(ada, 'user-menu').waitFor()
  const answer = await ada.request.get(`${node.url}/nothing`, { ignoreHTTPSErrors: true })
  assert.equal((await answer.json()).type, `${BASE}/problems/not-found`)
})
