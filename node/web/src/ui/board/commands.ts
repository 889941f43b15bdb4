/** What the page does for the editor's actions that are `outside` it: each part of the page answers for its own. */

import { createContext, useContext, useEffect, useRef } from 'react'
import type { Outside } from '../../core/actions'
import type { ActionId } from '../../core/actions/table'

export interface Commands extends Outside {
  /** The latest to answer for an action is the one that is asked. */
  on(action: ActionId, answer: Answer): () => void
}

export interface Answer {
  readonly run: () => void
  /** Whether it is possible just now. */
  readonly can: () => boolean
}

export function createCommands(): Commands {
  const answers = new Map<ActionId, Answer>()
  return {
    run: (action) => answers.get(action)?.run(),
    has: (action) => answers.get(action)?.can() ?? false,
    on(action, answer) {
      answers.set(action, answer)
      return () => {
        if (answers.get(action) === answer) answers.delete(action)
      }
    },
  }
}

export const CommandsContext = createContext<Commands>(createCommands())

const always = () => true

/** This part of the page answers for the action for as long as it is shown. */
export function useCommand(action: ActionId, run: () => void, can: () => boolean = always): void {
  const commands = useContext(CommandsContext)
  const latest = useRef({ run, can })
  useEffect(() => {
    latest.current = { run, can }
  })
  useEffect(
    () => commands.on(action, { run: () => latest.current.run(), can: () => latest.current.can() }),
    [commands, action],
  )
}
