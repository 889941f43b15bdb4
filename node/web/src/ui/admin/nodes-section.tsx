/** The nodes: who leads, how far each is, and how the members are changed. */

import { Ellipsis, Plus } from 'lucide-react'
import { useState } from 'react'
import type { ClusterSeen, NodeSeen } from '../../api/cluster'
import { promoteNode, readCluster, removeNode, transferLeader } from '../../api/cluster'
import { confirmed, isMeant, NotConfirmed } from '../confirm'
import { Glyph } from '../parts/glyph'
import type { MenuEntry } from '../parts/menu'
import { MenuButton } from '../parts/menu-button'
import { showToast } from '../parts/toasts'
import { problemText } from '../problem'
import { strings } from '../strings'
import { AskFailed } from './ask-failed'
import { JoinTokenDialog } from './join-token-dialog'
import { useWatched } from './use-watched'

const LOOK_EVERY_MS = 2_000

export function NodesSection() {
  const { state, again } = useWatched(readCluster, LOOK_EVERY_MS)
  const [adding, setAdding] = useState(false)
  const words = strings.admin
  if (state.at === 'waiting') return <p className="muted">{strings.account.loading}</p>
  if (state.at === 'failed') return <AskFailed failure={state.failure} again={again} />
  const cluster = state.value
  const act = async (work: () => Promise<void>, said: string) => {
    try {
      await confirmed(work)
      showToast({ text: said })
    } catch (failure) {
      if (!(failure instanceof NotConfirmed)) showToast({ text: problemText(failure) })
    }
    again()
  }
  const advice = adviceOn(cluster)
  return (
    <>
      {cluster.leader === null && (
        <p className="form__failure" role="alert" data-testid="no-leader">
          {words.noLeader}
        </p>
      )}
      {cluster.diskFull && (
        <p className="form__failure" role="alert">
          {words.diskFull}
        </p>
      )}
      <ul className="rows" data-testid="nodes">
        {cluster.nodes.map((node) => (
          <NodeRow key={node.id} node={node} cluster={cluster} act={act} />
        ))}
      </ul>
      {advice !== null && <p className="muted">{advice}</p>}
      <p className="muted">{words.facts(cluster.term, cluster.appliedIndex, cluster.logIndex)}</p>
      <div className="form__foot">
        <button
          type="button"
          className="button button--secondary"
          data-testid="node-add"
          onClick={() => setAdding(true)}
        >
          <Glyph icon={Plus} size={16} />
          {words.add}
        </button>
      </div>
      {adding && <JoinTokenDialog onClose={() => setAdding(false)} />}
    </>
  )
}

interface NodeRowProps {
  readonly node: NodeSeen
  readonly cluster: ClusterSeen
  readonly act: (work: () => Promise<void>, said: string) => Promise<void>
}

function NodeRow({ node, cluster, act }: NodeRowProps) {
  const words = strings.admin
  const leads = cluster.leader === node.id
  const entries: MenuEntry[] = []
  if (node.role === 'learner') {
    const run = () => void act(() => promoteNode(node.id), words.promoted(node.id))
    entries.push({ kind: 'item', label: words.promote, testId: 'node-promote', run })
  }
  if (node.role === 'voter' && !leads) {
    const question = { title: words.leadTitle(node.id), text: words.leadText, action: words.lead }
    const run = async () => {
      if (!(await isMeant({ ...question, danger: false }))) return
      await act(() => transferLeader(node.id), words.leading(node.id))
    }
    entries.push({ kind: 'item', label: words.lead, testId: 'node-lead', run: () => void run() })
  }
  if (cluster.nodes.length > 1) {
    const question = { title: words.removeTitle(node.id), text: words.removeText, action: words.remove }
    const run = async () => {
      if (!(await isMeant({ ...question, danger: true }))) return
      await act(() => removeNode(node.id), words.removed(node.id))
    }
    entries.push({
      kind: 'item',
      label: words.remove,
      testId: 'node-remove',
      run: () => void run(),
      danger: true,
    })
  }
  const about = [node.url, node.address, node.version, lagWords(node, leads)]
  return (
    <li className="row" data-testid="node" data-node={node.id} data-role={node.role} data-leads={leads}>
      <div className="row__words">
        <span className="row__title">
          {words.node(node.id)}
          <span className={`chip${node.role === 'voter' ? ' chip--ok' : ''}`}>{words.roles[node.role]}</span>
          {leads && <span className="chip chip--ok">{words.leads}</span>}
          {cluster.node === node.id && <span className="chip">{words.thisOne}</span>}
        </span>
        <span className="row__text">{about.filter((part) => part !== '').join(' · ')}</span>
      </div>
      {entries.length > 0 && (
        <MenuButton
          icon={Ellipsis}
          label={words.actions(node.id)}
          placement="below-end"
          testId="node-menu"
          entries={() => entries}
        />
      )}
    </li>
  )
}

function lagWords(node: NodeSeen, leads: boolean): string {
  if (leads || node.lag === null) return ''
  return node.lag === 0 ? strings.admin.inStep : strings.admin.behind(node.lag)
}

/** What the number of voters means for who looks after them. */
function adviceOn({ nodes }: ClusterSeen): string | null {
  const voters = nodes.filter(({ role }) => role === 'voter').length
  if (voters === 1) return strings.admin.alone
  return voters === 2 ? strings.admin.two : null
}
