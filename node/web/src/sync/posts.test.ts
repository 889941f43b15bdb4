import { expect, test } from 'vitest'
import { createPosts, POST_BYTES_MAX } from './posts'

const update = (...bytes: number[]) => new Uint8Array([0, 2, ...bytes])
const awareness = (clock: number) => new Uint8Array([1, clock])
const body = (...bytes: number[]) => new Uint8Array(bytes)

test('what gathers goes together, each message after its length', () => {
  const posts = createPosts()
  expect(posts.next()).toBeNull()
  posts.add(update(7))
  posts.add(update(8, 9))
  expect(posts.next()).toEqual({ number: 1, body: body(3, 0, 2, 7, 4, 0, 2, 8, 9) })
  expect(posts.waiting()).toBe(9)
})

test('one is under way at a time, and is the same however often it is sent', () => {
  const posts = createPosts()
  posts.add(update(1))
  const first = posts.next()
  posts.add(update(2))
  expect(posts.next()).toBe(first)
  posts.arrived()
  expect(posts.next()).toEqual({ number: 2, body: body(3, 0, 2, 2) })
  posts.arrived()
  expect(posts.next()).toBeNull()
  expect(posts.waiting()).toBe(0)
})

test('of awareness only the newest waits', () => {
  const posts = createPosts()
  posts.add(awareness(1))
  posts.add(update(1))
  posts.add(awareness(2))
  posts.add(awareness(3))
  expect(posts.next()?.body).toEqual(body(3, 0, 2, 1, 2, 1, 3))
  // What is under way is said already.
  posts.add(awareness(4))
  posts.arrived()
  expect(posts.next()?.body).toEqual(body(2, 1, 4))
})

test('a body stays small, but for a message that is larger by itself', () => {
  const posts = createPosts()
  posts.add(update(1))
  posts.add(new Uint8Array(POST_BYTES_MAX + 1))
  posts.add(update(2))
  const sizes: number[] = []
  for (let next = posts.next(); next !== null; next = posts.next()) {
    sizes.push(next.body.length)
    posts.arrived()
  }
  expect(sizes).toEqual([4, POST_BYTES_MAX + 1 + 3, 4])
})

test('a sign of life is a post with nothing in it', () => {
  const posts = createPosts()
  posts.addNothing()
  expect(posts.next()).toEqual({ number: 1, body: body() })
  posts.arrived()
  expect(posts.next()).toBeNull()
  // Anything else is a sign as well.
  posts.addNothing()
  posts.add(update(1))
  posts.next()
  posts.arrived()
  expect(posts.next()).toBeNull()
})
