import { useContext } from 'react'
import { strings } from '../../strings'
import { CommandsContext } from '../commands'

/** Brings everyone on the board to what is in view here; not there for who may only look. */
export function BringButton({ onDone }: { onDone: () => void }) {
  const commands = useContext(CommandsContext)
  if (!commands.has('bringToMe')) return null
  return (
    <button
      type="button"
      className="button button--secondary me__bring"
      data-testid="bring-to-me"
      onClick={() => {
        onDone()
        commands.run('bringToMe')
      }}
    >
      {strings.actions.bringToMe}
    </button>
  )
}
