/** While the board's content is on its way: that it is, and how much of it has come. */

import type { BoardSession } from '../../sync/session'
import { Opening } from '../parts/opening'
import { strings } from '../strings'
import { useStore } from '../use-store'

export function BoardOpening({ session }: { session: BoardSession }) {
  const megabytes = useStore(session.arrived, (bytes) => Math.floor(bytes / 100_000) / 10)
  const text = megabytes > 0 ? strings.board.arrived(megabytes) : strings.board.loading
  return <Opening label={strings.board.loading} text={text} />
}
