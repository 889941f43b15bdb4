import { expect, test } from 'vitest'
import type { KeptSettings, Members } from './kept-settings'
import { createKeptSettings } from './kept-settings'

class Changed extends Error {}

/** A server that keeps one object, and any number of browsers of one person. */
function server() {
  let all: Members = {}
  let rev = 0
  let away = false
  const reach = () => {
    if (away) throw new Error('away')
  }
  const browser = (): { kept: KeptSettings; shown: () => Members } => {
    let shown: Members = {}
    const kept = createKeptSettings({
      async read() {
        reach()
        return { all, etag: String(rev) }
      },
      async change(patch, etag) {
        reach()
        if (etag !== String(rev)) throw new Changed()
        all = { ...all, ...patch }
        rev += 1
        return { all, etag: String(rev) }
      },
      wasChanged: (failure) => failure instanceof Changed,
      show: (next) => (shown = next),
    })
    return { kept, shown: () => shown }
  }
  return { browser, all: () => all, go: (where: 'away' | 'back') => (away = where === 'away') }
}

test('a second browser shows what was chosen in the first', async () => {
  const { browser } = server()
  const [a, b] = [browser(), browser()]
  await a.kept.refresh()
  await a.kept.choose({ theme: 'dark' })
  await b.kept.refresh()
  expect(b.shown()).toEqual({ theme: 'dark' })
})

test('two browsers that choose different things lose nothing', async () => {
  const { browser, all } = server()
  const [a, b] = [browser(), browser()]
  await Promise.all([a.kept.refresh(), b.kept.refresh()])
  await Promise.all([a.kept.choose({ theme: 'dark' }), b.kept.choose({ sort: 'title' })])
  expect(all()).toEqual({ theme: 'dark', sort: 'title' })
})

test('what is chosen while the server is away is sent when it is back', async () => {
  const { browser, all, go } = server()
  const a = browser()
  await a.kept.refresh()
  go('away')
  await expect(a.kept.choose({ theme: 'dark' })).rejects.toThrow('away')
  await expect(a.kept.choose({ theme: 'light' })).rejects.toThrow('away')
  go('back')
  await a.kept.refresh()
  expect(a.shown()).toEqual({ theme: 'light' })
  expect(all()).toEqual({ theme: 'light' })
})

test('what was chosen twice in a row ends as the last', async () => {
  const { browser, all } = server()
  const a = browser()
  await Promise.all([a.kept.choose({ theme: 'dark' }), a.kept.choose({ theme: 'light' })])
  expect(all()).toEqual({ theme: 'light' })
})

test('who comes after somebody sends nothing of theirs', async () => {
  const { browser, all, go } = server()
  const a = browser()
  go('away')
  await expect(a.kept.choose({ theme: 'dark' })).rejects.toThrow('away')
  a.kept.forget()
  go('back')
  await a.kept.refresh()
  expect(all()).toEqual({})
})
