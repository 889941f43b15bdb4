/** The editor of one document, its canvas, and the bars and messages around it. */

import { useEffect, useRef, useState } from 'react'
import type { Editor } from '../../core/editor-api'
import { createEditor } from '../../core/editor'
import { openBoardDocument } from '../../doc/yboard'
import { mountBoard } from '../../render/stage'
import { pageIsComplete } from '../../shell/register'
import type { BoardSession } from '../../sync/session'
import { newElementId } from './element-id'
import { strings } from '../strings'
import { useTheme } from '../theme'
import { useOwned } from '../use-owned'
import { useStore } from '../use-store'
import { Banners } from './banners'
import { keepCamera } from './camera'
import { attachClipboard } from './clipboard'
import { ContextMenu } from './context-menu'
import { EmptyHint } from './empty-hint'
import { attachKeys } from './keys'
import { PropertiesBar } from './properties-bar'
import { ShortcutsSheet } from './shortcuts-sheet'
import { TextOverlay } from './text-overlay'
import { ToolBar } from './tool-bar'
import { TopBar } from './top-bar'
import { ViewBar } from './view-bar'

export interface BoardViewProps {
  readonly session: BoardSession
  readonly title: string
  readonly rename: (title: string) => void
  readonly restore: () => void
}

export function BoardView({ session, title, rename, restore }: BoardViewProps) {
  const [help, setHelp] = useState(false)
  const editor = useEditor(session, () => setHelp(true))
  const status = useStore(session.status, (value) => value)
  const role = useStore(session.role, (value) => value)
  const theme = useTheme()
  const over = status.phase === 'gone' || status.phase === 'refused' || status.phase === 'outdated'
  const readOnly = over || role === 'viewer'

  useEffect(() => editor.setReadOnly(readOnly), [editor, readOnly])
  const inStep = status.phase === 'saved'
  useEffect(() => {
    if (inStep) pageIsComplete()
  }, [inStep])
  useUnsavedWarning(status.unsaved > 0 && !status.kept)

  return (
    <main className="board">
      <Canvas editor={editor} session={session} title={title} />
      {status.phase !== 'loading' && status.phase !== 'connecting' && <EmptyHint editor={editor} />}
      <TextOverlay editor={editor} theme={theme} />
      <TopBar title={title} session={session} onRename={over ? null : rename} onHelp={() => setHelp(true)} />
      <Banners session={session} restore={restore} />
      <PropertiesBar editor={editor} theme={theme} />
      <footer className="board__foot">
        <ToolBar editor={editor} />
        <ViewBar editor={editor} />
      </footer>
      {status.phase === 'loading' && <p className="board__opening">{strings.board.loading}</p>}
      {help && <ShortcutsSheet onClose={() => setHelp(false)} />}
    </main>
  )
}

function useEditor(session: BoardSession, onHelp: () => void): Editor {
  const help = useRef(onHelp)
  const { editor } = useOwned(
    () => {
      const board = openBoardDocument(session.ydoc)
      const editor = createEditor({
        document: board,
        presence: session.presence,
        now: () => performance.now(),
        newId: newElementId,
        onAction: (action) => {
          if (action === 'help') help.current()
        },
      })
      return { board, editor }
    },
    ({ board, editor }) => {
      editor.destroy()
      board.destroy()
    },
  )
  return editor
}

function Canvas({ editor, session, title }: { editor: Editor; session: BoardSession; title: string }) {
  const host = useRef<HTMLDivElement>(null)
  const theme = useTheme()
  const stage = useRef<ReturnType<typeof mountBoard> | null>(null)
  const firstTheme = useRef(theme)

  useEffect(() => {
    if (host.current === null) return
    const mounted = mountBoard(host.current, editor, session.presence, firstTheme.current)
    stage.current = mounted
    host.current.focus({ preventScroll: true })
    const stops = [attachKeys(editor), attachClipboard(editor), keepCamera(editor, session)]
    return () => {
      for (const stop of stops) stop()
      stage.current = null
      mounted.destroy()
    }
  }, [editor, session])

  useEffect(() => {
    firstTheme.current = theme
    stage.current?.setTheme(theme)
  }, [theme])

  return (
    <ContextMenu editor={editor}>
      <div
        ref={host}
        className="board__canvas"
        role="application"
        aria-label={strings.board.canvas(title)}
        tabIndex={0}
        data-testid="canvas"
      />
    </ContextMenu>
  )
}

function useUnsavedWarning(active: boolean): void {
  useEffect(() => {
    if (!active) return
    const warn = (event: BeforeUnloadEvent) => event.preventDefault()
    window.addEventListener('beforeunload', warn)
    return () => window.removeEventListener('beforeunload', warn)
  }, [active])
}
