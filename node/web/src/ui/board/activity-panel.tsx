import { useCallback } from 'react'
import { listActivity } from '../../api/activity'
import { ActivityList } from '../parts/activity-list'
import { strings } from '../strings'
import { SidePanel } from './side-panel'

/** What people did on this board, beside it. */
export default function ActivityPanel({ board, onClose }: { board: string; onClose: () => void }) {
  const ask = useCallback(
    (cursor: string | null, signal: AbortSignal) => listActivity(board, cursor, signal),
    [board],
  )
  return (
    <SidePanel title={strings.activity.title} testId="activity-panel" onClose={onClose} scrolls>
      <ActivityList ask={ask} />
    </SidePanel>
  )
}
