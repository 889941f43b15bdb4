/**
 * The nodes that this page can be served by: the one it came from, and those that take over when that one is away. All
 * of them have the same boards. Only the one that the page came from has its cookies, so whoever signs in asks that one.
 */

import { BASE } from './base'

const KEPT = 'easel.nodes'
/** More are not kept; any of a few is as good. */
const NODES_MAX = 16

/** What stands before a path of ours at each of them, from the root or whole; the first is the page's own. */
let nodes: readonly string[] = [BASE, ...othersOf(kept())]
let at = 0

/** Where a path of ours is, at the node that is asked just now or another. */
export function placed(path: string, node = currentNode()): string {
  return node + (path.startsWith(BASE) ? path.slice(BASE.length) : path)
}

export function currentNode(): string {
  return nodes[at] ?? BASE
}

/** Who may be asked instead. */
export function otherNodes(): readonly string[] {
  return nodes.filter((_, of) => of !== at)
}

/** That node answers, and is asked from here on. */
export function goToNode(node: string): void {
  at = Math.max(0, nodes.indexOf(node))
}

/** Nothing came from that node: from here on the next one is asked. Whether there is another. */
export function leaveNode(node: string): boolean {
  if (nodes.length < 2) return false
  if (currentNode() === node) at = (at + 1) % nodes.length
  return true
}

/** The addresses of all nodes, as one of them told. */
export function learnNodes(urls: readonly string[]): void {
  const before = currentNode()
  const others = othersOf(urls)
  nodes = [BASE, ...others]
  at = Math.max(0, nodes.indexOf(before))
  try {
    // A page that is opened while its own node is away comes from what the browser keeps, and goes on elsewhere.
    if (others.length > 0) localStorage.setItem(KEPT, JSON.stringify(others))
    else localStorage.removeItem(KEPT)
  } catch {
    // Storage is blocked.
  }
}

function othersOf(urls: readonly string[]): readonly string[] {
  const own = globalThis.location === undefined ? '' : location.origin + BASE
  const others = urls.map((url) => url.replace(/\/+$/, '')).filter((url) => isAddress(url) && url !== own)
  return [...new Set(others)].slice(0, NODES_MAX)
}

/** A page over TLS may ask none without. */
function isAddress(url: string): boolean {
  if (!URL.canParse(url)) return false
  const { protocol } = new URL(url)
  return protocol === 'https:' || (protocol === 'http:' && globalThis.location?.protocol === 'http:')
}

function kept(): readonly string[] {
  try {
    const found: unknown = JSON.parse(localStorage.getItem(KEPT) ?? '[]')
    return Array.isArray(found) ? found.filter((url) => typeof url === 'string') : []
  } catch {
    return []
  }
}
