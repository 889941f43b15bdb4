// A password set at the address that the operator's command prints.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { suite, testId } from './harness.mjs'
import { fill, open, PASSWORD, setUp, signOut } from './people.mjs'

const test = suite()
const binary = process.env.TEST_EASEL ?? join(dirname(fileURLToPath(import.meta.url)), '../../target/debug/easel')

async function easel(node, ...words) {
  const { stdout } = await promisify(execFile)(binary, [...words, '--data-dir', node.folder, '--json'])
  return JSON.parse(stdout)
}

test('who forgot a password sets another at the address they were sent, once', async (world) => {
  const { node } = world
  const ada = await setUp(world)
  await signOut(ada)
  await testId(ada, 'sign-in').waitFor()

  const offered = await easel(node, 'user', 'reset-password', 'ada@example.org')
  const address = new URL(offered.link.url)
  assert.equal(address.origin, node.url)
  const page = await open(world, address.pathname + address.hash)
  await fill(page, { password: 'password' })
  await testId(page, 'submit').click()
  await page.locator('.field__wrong').getByText('among the most used').waitFor()
  const password = 'a password of her own'
  await fill(page, { password })
  await testId(page, 'submit').click()
  await testId(page, 'reset-done').waitFor()
  assert.equal(new URL(page.url()).hash, '', 'the secret is out of the address')
  await page.getByRole('link').first().click()
  await fill(page, { email: 'ada@example.org', password: PASSWORD })
  await testId(page, 'submit').click()
  await testId(page, 'form-failure').waitFor()
  await fill(page, { password })
  await testId(page, 'submit').click()
  await testId(page, 'user-menu').waitFor()

  const late = await open(world, address.pathname + address.hash)
  await fill(late, { password })
  await testId(late, 'submit').click()
  await testId(late, 'reset-gone').waitFor()
})
