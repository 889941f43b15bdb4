import { X } from 'lucide-react'
import { useCallback, useId } from 'react'
import { listActivity } from '../../api/activity'
import { ActivityList } from '../parts/activity-list'
import { IconButton } from '../parts/icon-button'
import { strings } from '../strings'

/** What people did on this board, beside it. */
export default function ActivityPanel({ board, onClose }: { board: string; onClose: () => void }) {
  const titleId = useId()
  const ask = useCallback(
    (cursor: string | null, signal: AbortSignal) => listActivity(board, cursor, signal),
    [board],
  )
  return (
    <aside
      className="side-panel"
      aria-labelledby={titleId}
      data-testid="activity-panel"
      onKeyDown={(event) => {
        // Keys in a panel are the panel's: none of them is a shortcut of the board beneath.
        event.stopPropagation()
        if (event.key === 'Escape') onClose()
      }}
    >
      <div className="side-panel__head">
        <h2 id={titleId} className="side-panel__title">
          {strings.activity.title}
        </h2>
        <IconButton icon={X} label={strings.close} onClick={onClose} />
      </div>
      <div className="side-panel__body" tabIndex={0}>
        <ActivityList ask={ask} />
      </div>
    </aside>
  )
}
