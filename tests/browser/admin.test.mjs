// The page for admins: a node is let in, votes and is removed again, and a backup is made and looked at.
import assert from 'node:assert/strict'
import { mkdirSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join as joined } from 'node:path'
import { after } from 'node:test'
import { out, startNode, suite, testId } from './harness.mjs'
import { PASSWORD, invite, join, newBoard, open, setUp } from './people.mjs'

const home = await mkdtemp(joined(tmpdir(), 'easel-admin-'))
after(() => rm(home, { recursive: true, force: true }))
// Addresses of loopback that nobody else uses.
const peers = (id) => `127.${160 + ((process.pid >> 8) % 40)}.${process.pid % 256}.${id}:7080`
const first = { EASEL_LISTEN__PEERS: peers(1), EASEL_BACKUP__TO: joined(home, 'backups') }
const test = suite({ env: first })
const PATIENCE = { timeout: 60_000 }

test('an admin lets a node in, sees it vote and removes it', async (world) => {
  const ada = await setUp(world)
  await testId(ada, 'user-menu').click()
  await testId(ada, 'to-admin').click()
  await node(ada, 1, 'voter').and(ada.locator('[data-leads=true]')).waitFor()
  assert.equal(await testId(ada, 'node').count(), 1)

  await testId(ada, 'node-add').click()
  await testId(ada, 'join-token-make').click()
  await ada.getByRole('textbox', { name: 'Join token' }).or(testId(ada, 'confirm-password-field')).first().waitFor()
  if (await testId(ada, 'confirm-password-field').isVisible()) {
    await testId(ada, 'confirm-password-field').fill(PASSWORD)
    await testId(ada, 'confirm-password-yes').click()
  }
  const file = joined(home, 'token')
  await writeFile(file, await testId(ada, 'join-token-value').inputValue())
  await ada.getByRole('button', { name: 'Done' }).click()
  const second = await startNode({ EASEL_LISTEN__PEERS: peers(2), EASEL_CLUSTER__JOIN: peers(1), EASEL_CLUSTER__JOIN_TOKEN_FILE: file })
  try {
    await node(ada, 2, 'voter').waitFor(PATIENCE)
    await ada.getByText('With two voters neither may fail').waitFor()
    mkdirSync(out, { recursive: true })
    await ada.screenshot({ path: joined(out, 'admin.png'), fullPage: true })

    await node(ada, 2, 'voter').getByTestId('node-menu').click()
    await testId(ada, 'node-remove').click()
    await testId(ada, 'confirm-yes').click()
    await node(ada, 2, 'voter').waitFor({ state: 'detached', ...PATIENCE })
    await node(ada, 1, 'voter').waitFor()
  } finally {
    await second.stop()
  }
})

test('an admin has a backup made and looked at', async (world) => {
  const ada = await setUp(world)
  await newBoard(ada, 'Garden')
  await ada.goto(`${world.node.url}/admin`)
  await testId(ada, 'backup-now').click()
  const backup = testId(ada, 'backup').filter({ hasText: '1 board' })
  await backup.waitFor(PATIENCE)
  await backup.getByTestId('backup-verify').click()
  await testId(ada, 'backup-job').filter({ hasText: 'is whole' }).waitFor(PATIENCE)
})

test('who is no admin is told so', async (world) => {
  const ada = await setUp(world)
  await newBoard(ada, 'Garden')
  const bob = await join(world, await invite(ada, 'editor'), 'Bob')
  await bob.goto(`${world.node.url}/admin`)
  await testId(bob, 'no-admin').waitFor()
  await testId(bob, 'admin').waitFor({ state: 'detached' })
  // In a browser that nobody has signed in with, one is asked who one is.
  const fresh = await open(world, '/admin')
  await testId(fresh, 'sign-in').waitFor()
})

const node = (page, id, role) => page.locator(`[data-testid=node][data-node="${id}"][data-role=${role}]`)
