import { beforeEach, describe, expect, it, vi } from 'vitest'

beforeEach(() => {
  vi.resetModules()
  const kept = new Map<string, string>()
  vi.stubGlobal('localStorage', {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => kept.set(key, value),
    removeItem: (key: string) => kept.delete(key),
  })
  vi.stubGlobal('location', { origin: 'http://127.0.0.1:8081', protocol: 'http:' })
})

const ALL = ['http://127.0.0.1:8081', 'http://127.0.0.1:8082/', 'http://127.0.0.1:8083']

describe('the nodes of a page', () => {
  it('are its own alone until it is told of others', async () => {
    const { currentNode, leaveNode, placed } = await import('./nodes')
    expect(leaveNode(currentNode())).toBe(false)
    expect(placed('/api/v1/boards')).toBe('/api/v1/boards')
  })

  it('are taken in turn, each when the one before was of no use', async () => {
    const { currentNode, learnNodes, leaveNode, placed } = await import('./nodes')
    learnNodes(ALL)
    expect(placed('/api/v1/boards')).toBe('/api/v1/boards')
    expect(leaveNode('')).toBe(true)
    expect(placed('/sync/brd_1')).toBe('http://127.0.0.1:8082/sync/brd_1')
    // Two that fail at once are one failure.
    leaveNode('')
    expect(currentNode()).toBe('http://127.0.0.1:8082')
    leaveNode(currentNode())
    leaveNode(currentNode())
    expect(currentNode()).toBe('')
  })

  it('stay where they are while the list changes, and go home when theirs is gone', async () => {
    const { currentNode, learnNodes, leaveNode } = await import('./nodes')
    learnNodes(ALL)
    leaveNode('')
    learnNodes(ALL.toReversed())
    expect(currentNode()).toBe('http://127.0.0.1:8082')
    learnNodes(ALL.slice(0, 1))
    expect(currentNode()).toBe('')
  })

  it('are known again by the next page', async () => {
    const first = await import('./nodes')
    first.learnNodes(ALL)
    vi.resetModules()
    const next = await import('./nodes')
    next.leaveNode('')
    expect(next.currentNode()).toBe('http://127.0.0.1:8082')
  })

  it('are none that this page may not ask', async () => {
    vi.stubGlobal('location', { origin: 'https://a.example', protocol: 'https:' })
    const { learnNodes, leaveNode } = await import('./nodes')
    learnNodes(['http://b.example', 'nonsense', 'javascript:alert(1)', 'https://a.example'])
    expect(leaveNode('')).toBe(false)
  })
})
