import { useState } from 'react'
import { lazyPart } from '../lazy-page'
import { strings } from '../strings'
import { useCommand } from './commands'

const ShortcutsSheet = lazyPart(
  () => import('./shortcuts-sheet').then((part) => part.default),
  strings.help.title,
)

/** The sheet of shortcuts, when it is asked for. */
export function ShortcutsPart() {
  const [open, setOpen] = useState(false)
  useCommand('help', () => setOpen(true))
  return open && <ShortcutsSheet onClose={() => setOpen(false)} />
}
