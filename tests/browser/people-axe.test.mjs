// What a program can find of barriers (axe-core) on the pages of people: nothing, in light and dark.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { suite, testId } from './harness.mjs'
import { invite, join, newBoard, open, setUp, setupPath, signOut } from './people.mjs'

const test = suite()
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

/** Each rule that is broken, and by what. */
async function assertNoBarriers(page, what) {
  if (!(await page.evaluate(() => 'axe' in window))) await page.evaluate(axe)
  const { violations, passes } = await page.evaluate(() => window.axe.run(document))
  const found = violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ target }) => target.join(' ')).join(', ')}`)
  assert.deepEqual(found, [], what)
  assert.ok(passes.length > 10, `${what}: the rules ran`)
}

for (const colorScheme of ['light', 'dark']) {
  const options = { colorScheme, reducedMotion: 'reduce' }

  test(`the pages of people have no barriers (${colorScheme})`, async (world) => {
    const { node } = world
    const setup = await open(world, await setupPath(node), options)
    await testId(setup, 'setup').waitFor()
    await assertNoBarriers(setup, 'set up')
    const ada = await setUp(world, options)
    await assertNoBarriers(ada, 'without boards')
    await testId(ada, 'user-menu').click()
    await assertNoBarriers(ada, 'with the person’s menu open')
    await ada.keyboard.press('Escape')
    await newBoard(ada, 'Open to all')
    await assertNoBarriers(ada, 'a board of one’s own')
    const invited = await invite(ada, 'viewer')
    await testId(ada, 'share').click()
    await testId(ada, 'members').waitFor()
    await assertNoBarriers(ada, 'people')
    await testId(ada, 'member-menu').click()
    await ada.getByRole('menu').waitFor()
    await assertNoBarriers(ada, 'a member’s menu')
    await ada.keyboard.press('Escape')
    await testId(ada, 'share-invitations').click()
    await testId(ada, 'invitation').waitFor()
    await assertNoBarriers(ada, 'invitations')
    await testId(ada, 'share-links').click()
    await testId(ada, 'link-new-password').fill('tulip')
    await testId(ada, 'link-make').click()
    const address = await testId(ada, 'link-address-value').inputValue()
    await assertNoBarriers(ada, 'links')
    await testId(ada, 'dialog-close').click()
    await testId(ada, 'activity-open').click()
    await testId(ada, 'activity').getByRole('listitem').first().waitFor()
    await assertNoBarriers(ada, 'activity')

    const invite_ = await open(world, invited, options)
    await testId(invite_, 'invite').waitFor()
    await assertNoBarriers(invite_, 'an invitation')
    const viewer = await join(world, invited, 'Vera', options)
    await testId(viewer, 'seat-note').waitFor()
    await assertNoBarriers(viewer, 'a viewer’s board')
    const guest = await open(world, new URL(address).pathname, options)
    await testId(guest, 'visit-password').waitFor()
    await assertNoBarriers(guest, 'a link’s password')
    await testId(guest, 'link-password').fill('tulip')
    await testId(guest, 'submit').click()
    await testId(guest, 'guest-name').waitFor()
    await assertNoBarriers(guest, 'a guest’s name')

    for (const section of ['boards', 'starred', 'recent', 'shared', 'archive', 'trash']) {
      await ada.goto(`${node.url}/?view=${section}`)
      await testId(ada, `nav-${section}`).waitFor()
      await ada.locator('[data-testid=board-card], .notice').first().waitFor()
      await assertNoBarriers(ada, section)
    }
    await ada.goto(`${node.url}/account`)
    await testId(ada, 'session').first().waitFor()
    await assertNoBarriers(ada, 'the account')
    await testId(ada, 'token-new').click()
    await testId(ada, 'token-form').waitFor()
    await assertNoBarriers(ada, 'a new token')
    await testId(ada, 'dialog-close').click()
    await testId(ada, 'delete-account').click()
    await testId(ada, 'delete-dialog').waitFor()
    await assertNoBarriers(ada, 'leaving')
    await testId(ada, 'dialog-close').click()
    await signOut(ada)
    await testId(ada, 'sign-in').waitFor()
    await assertNoBarriers(ada, 'signing in')
    await ada.goto(`${node.url}/signup`)
    await ada.getByRole('heading').first().waitFor()
    await assertNoBarriers(ada, 'signing up')
  })
}
