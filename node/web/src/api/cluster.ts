/** The nodes that hold the boards, for an admin. */

import { countOf, dataOf, optionalCount, recordOf, text, time } from './read'
import { send } from './request'
import type { Cluster, ClusterNode, ClusterRole, JoinToken } from './schema.gen'

export type { ClusterRole }

export interface NodeSeen {
  readonly id: number
  readonly role: ClusterRole
  /** Where other nodes reach it; empty while it is alone. */
  readonly address: string
  /** Where people reach it. */
  readonly url: string
  readonly version: string
  /** Entries that it is behind, as far as the node that answers knows. */
  readonly lag: number | null
}

export interface ClusterSeen {
  readonly id: string
  /** The node that answers. */
  readonly node: number
  readonly leader: number | null
  readonly term: number
  /** Entries in its log, and those of them in its state. */
  readonly logIndex: number
  readonly appliedIndex: number
  readonly diskFull: boolean
  readonly nodes: readonly NodeSeen[]
}

/** A change of the members waits for a majority, a transfer for an election. */
const CHANGE_TIMEOUT_MS = 30_000
const ROLES: readonly ClusterRole[] = ['invited', 'learner', 'voter']

export async function readCluster(signal?: AbortSignal): Promise<ClusterSeen> {
  const { body } = await send({ method: 'GET', path: '/admin/cluster', signal })
  const seen = recordOf<Cluster>(body, 'a cluster')
  return {
    id: text(seen, 'id'),
    node: countOf(seen, 'node'),
    leader: optionalCount(seen, 'leader'),
    term: countOf(seen, 'term'),
    logIndex: countOf(seen, 'last_log_index'),
    appliedIndex: countOf(seen, 'applied_index'),
    diskFull: seen.disk_full === true,
    nodes: dataOf({ data: seen.nodes }, 'the nodes of a cluster', readNode),
  }
}

/** The token is in this answer and in no other. */
export async function createJoinToken(minutes: number): Promise<{ token: string; expiresAt: number }> {
  const { body } = await send({
    method: 'POST',
    path: '/admin/cluster/join-tokens',
    body: { minutes },
    timeoutMs: CHANGE_TIMEOUT_MS,
  })
  const made = recordOf<JoinToken>(body, 'a join token')
  return { token: text(made, 'token'), expiresAt: time(made, 'expires_at') }
}

export async function promoteNode(node: number): Promise<void> {
  const path = '/admin/cluster/members'
  await send({ method: 'POST', path, body: { node }, timeoutMs: CHANGE_TIMEOUT_MS })
}

export async function removeNode(node: number): Promise<void> {
  const path = `/admin/cluster/members/${node}`
  await send({ method: 'DELETE', path, timeoutMs: CHANGE_TIMEOUT_MS })
}

export async function transferLeader(to: number): Promise<void> {
  const path = '/admin/cluster/leader-transfer'
  await send({ method: 'POST', path, body: { to }, timeoutMs: CHANGE_TIMEOUT_MS })
}

function readNode(value: unknown): NodeSeen {
  const node = recordOf<ClusterNode>(value, 'a node')
  return {
    id: countOf(node, 'id'),
    role: ROLES.find((role) => role === node.role) ?? 'learner',
    address: text(node, 'address'),
    url: text(node, 'url'),
    version: text(node, 'version'),
    lag: optionalCount(node, 'lag'),
  }
}
