/** What helps to find one's way: palette, find, map. Each is fetched when it is first asked for. */

import { useState } from 'react'
import type { Editor } from '../../../core/editor-api'
import type { BoardSession } from '../../../sync/session'
import { lazyPart } from '../../lazy-page'
import { strings } from '../../strings'
import type { Theme } from '../../theme'
import { useCommand } from '../commands'
import { keptSwitch } from './kept-switch'

const Palette = lazyPart(
  () => import('./command-palette').then((part) => part.default),
  strings.actions.palette,
)
const Find = lazyPart(() => import('./find-panel').then((part) => part.default), strings.actions.find)
const Minimap = lazyPart(() => import('./minimap').then((part) => part.default), strings.ways.minimap)

const Figures = lazyPart(() => import('./figures').then((part) => part.default), strings.ways.figures.title)

export interface WaysProps {
  readonly session: BoardSession
  readonly editor: Editor
  readonly owner: string
  readonly theme: Theme
}

const mapShown = keptSwitch('easel.minimap')

export function Ways({ editor, session, owner, theme }: WaysProps) {
  const [palette, setPalette] = useState(false)
  const [find, setFind] = useState(0)
  const [figures, setFigures] = useState(false)
  const [minimap, setMinimap] = useState(() => mapShown.read(owner))
  useCommand('palette', () => setPalette(true))
  useCommand('find', () => setFind(find + 1))
  useCommand('figures', () => setFigures(!figures))
  useCommand('minimap', () => {
    mapShown.keep(owner, !minimap)
    setMinimap(!minimap)
  })
  return (
    <>
      {figures && <Figures session={session} />}
      {minimap && <Minimap editor={editor} theme={theme} />}
      {find > 0 && <Find editor={editor} asked={find} onClose={() => setFind(0)} />}
      {palette && <Palette editor={editor} owner={owner} onClose={() => setPalette(false)} />}
    </>
  )
}
