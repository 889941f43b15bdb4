/** The editor of one document, its canvas, and the bars and messages around it. */

import { useEffect, useRef, useState } from 'react'
import type { Board } from '../../api/client'
import type { Role } from '../../api/role'
import { isAtLeast } from '../../api/role'
import type { Editor } from '../../core/editor-api'
import { createEditor } from '../../core/editor'
import { openBoardDocument } from '../../doc/yboard'
import { mountBoard } from '../../render/stage'
import { pageIsComplete } from '../../shell/register'
import type { BoardSession, SyncPhase } from '../../sync/session'
import { lazyPart } from '../lazy-page'
import { showToast } from '../parts/toasts'
import { pageIsQuiet } from '../quiet'
import { navigate } from '../router'
import { paths } from '../routes'
import { LazyShareDialog } from '../share/lazy-share'
import { newElementId } from './element-id'
import { strings } from '../strings'
import { useTheme } from '../theme'
import { useOwned } from '../use-owned'
import { useStore } from '../use-store'
import { Banners } from './banners'
import { keepCamera } from './camera'
import { BoardOpening } from './board-opening'
import { attachClipboard } from './clipboard'
import { ClipboardCommands } from './clipboard-commands'
import type { Commands } from './commands'
import { CommandsContext, createCommands } from './commands'
import { ContextMenu } from './context-menu'
import { EmptyHint } from './empty-hint'
import { FramesPart } from './frames/frames-part'
import { FrameNameField } from './frames/name-field'
import { attachDrop } from './images/drop'
import { ImagesPart } from './images/images-part'
import { useImages, type Images } from './images/use-images'
import { OutlinePart } from './outline/outline-part'
import { LinksPart } from './links/links-part'
import { keepSnapping } from './keep-snapping'
import { attachKeys } from './keys'
import { attachLinks } from './links'
import { PlacingHint } from './placing-hint'
import type { Seat } from './seat'
import { SeatNote } from './seat-note'
import { ShortcutsPart } from './shortcuts-part'
import { TextOverlay } from './text-overlay'
import { ToolBar } from './tool-bar'
import { TopBar } from './top-bar'
import { receive } from './transfer/brought'
import { tellOfFullBoard } from './transfer/told'
import type { BoardInfo } from './use-board'
import { ViewBar } from './view-bar'
import { FollowFrame, useFollowing } from './ways/follow-frame'
import { Ways } from './ways/ways'

// First of the parts that are fetched ahead: whatever is selected asks for it.
const PropertiesBar = lazyPart(() => import('./properties-bar').then((part) => part.default), '')
const ActivityPanel = lazyPart(
  () => import('./activity-panel').then((part) => part.default),
  strings.activity.loading,
)

export interface BoardViewProps {
  readonly session: BoardSession
  readonly title: string
  readonly seat: Seat
  readonly info: BoardInfo
  readonly rename: (title: string) => void
  readonly learn: (board: Board) => void
  readonly refresh: () => void
  readonly restore: () => void
}

export function BoardView({ session, title, seat, info, rename, learn, refresh, restore }: BoardViewProps) {
  const [sharing, setSharing] = useState(false)
  const [activity, setActivity] = useState(false)
  const [commands] = useState(createCommands)
  const editor = useEditor(session, commands)
  const images = useImages(editor, session)
  const underWay = useStore(images.uploads.all, (all) => all.length > 0)
  const following = useFollowing(editor, session)
  // Of the status no more than this: it changes twice with every letter that is typed.
  const stage = useStore(session.status, ({ phase }) => stageOf(phase))
  const unkept = useStore(session.status, ({ unsaved, kept }) => unsaved > 0 && !kept)
  const role = useStore(session.role, (value) => value)
  const theme = useTheme()
  const over = stage === 'over'
  const mayEdit = isAtLeast(role, 'editor')
  const readOnly = over || !mayEdit
  const known = info.at === 'known' ? info.board : null
  const account = seat.named === 'account'
  const mayRestore = seat.owner === '' || known?.may.own === true
  useRoleWords(role, seat, stage !== 'loading' && stage !== 'connecting')

  useEffect(() => editor.setReadOnly(readOnly), [editor, readOnly])
  useEffect(() => keepSnapping(editor, seat.owner), [editor, seat.owner])
  useSteps(session)
  useUnsavedWarning(underWay || unkept)

  return (
    <CommandsContext value={commands}>
      <main className="board">
        <Canvas editor={editor} session={session} images={images} title={title} />
        {stage !== 'loading' && stage !== 'connecting' && <EmptyHint editor={editor} />}
        <TextOverlay editor={editor} theme={theme} />
        <FrameNameField editor={editor} />
        <TopBar
          title={title}
          session={session}
          seat={seat}
          onRename={readOnly ? null : rename}
          onHelp={() => commands.run('help')}
          onPalette={() => commands.run('palette')}
          following={following}
          onShare={account && known !== null ? () => setSharing(true) : null}
          mayShare={known?.may.share === true}
          onActivity={account ? () => setActivity(!activity) : null}
          activityShown={activity}
        />
        <PlacingHint editor={editor} />
        <Banners session={session} restore={mayRestore ? restore : null} />
        <PropertiesBar editor={editor} theme={theme} />
        <footer className="board__foot">
          {!mayEdit && !over && stage !== 'loading' && (
            <SeatNote role={role} seat={seat} board={known} learn={learn} />
          )}
          <ToolBar editor={editor} />
          <ViewBar editor={editor} />
        </footer>
        {stage === 'loading' && <BoardOpening session={session} />}
        {activity && <ActivityPanel board={session.board} onClose={() => setActivity(false)} />}
        {sharing && known !== null && (
          <LazyShareDialog
            board={known}
            onClose={() => setSharing(false)}
            onLeft={() => navigate(paths.boards)}
            onChanged={refresh}
          />
        )}
        <ImagesPart editor={editor} images={images} board={session.board} />
        <FramesPart
          editor={editor}
          presence={session.presence}
          theme={theme}
          pictures={images.pictures}
          following={following}
        />
        <OutlinePart editor={editor} />
        <LinksPart editor={editor} session={session} />
        <ShortcutsPart />
        <FollowFrame following={following} presence={session.presence} mayBring={!readOnly} />
        <Ways editor={editor} session={session} owner={seat.owner} theme={theme} />
        <ClipboardCommands desk={{ board: session.board, editor, ...images }} theme={theme} />
      </main>
    </CommandsContext>
  )
}

type Stage = 'connecting' | 'loading' | 'open' | 'over'

function stageOf(phase: SyncPhase): Stage {
  if (phase === 'connecting' || phase === 'loading') return phase
  return phase === 'gone' || phase === 'refused' || phase === 'outdated' ? 'over' : 'open'
}

/** What waits until the board is shown and in step with the server may be fetched then. */
function useSteps(session: BoardSession): void {
  useEffect(() => {
    let inStep = false
    const look = () => {
      const was = inStep
      inStep = session.status.get().phase === 'saved'
      if (!inStep || was) return
      pageIsComplete()
      pageIsQuiet()
    }
    look()
    return session.status.subscribe(look)
  }, [session])
}

/** Whoever draws must not wonder why it stopped. */
function useRoleWords(role: Role, seat: Seat, known: boolean): void {
  const before = useRef<Role | null>(null)
  useEffect(() => {
    if (!known) return
    const last = before.current
    before.current = role
    if (last === null || seat.owner === '' || isAtLeast(last, 'editor') === isAtLeast(role, 'editor')) return
    showToast({ text: isAtLeast(role, 'editor') ? strings.access.nowEdit : strings.access.nowView })
  }, [role, seat.owner, known])
}

function useEditor(session: BoardSession, commands: Commands): Editor {
  const { editor } = useOwned(
    () => {
      const board = openBoardDocument(session.ydoc)
      const editor = createEditor({
        document: board,
        presence: session.presence,
        now: () => performance.now(),
        newId: newElementId,
        frameName: strings.frames.named,
        onFull: tellOfFullBoard,
        outside: commands,
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

interface CanvasProps {
  readonly editor: Editor
  readonly session: BoardSession
  readonly images: Images
  readonly title: string
}

function Canvas({ editor, session, images, title }: CanvasProps) {
  const host = useRef<HTMLDivElement>(null)
  const theme = useTheme()
  const stage = useRef<ReturnType<typeof mountBoard> | null>(null)
  const firstTheme = useRef(theme)

  useEffect(() => {
    if (host.current === null) return
    const { pictures, uploads } = images
    const desk = { board: session.board, editor, uploads, pictures }
    const mounted = mountBoard(host.current, editor, session.presence, pictures, firstTheme.current)
    stage.current = mounted
    host.current.focus({ preventScroll: true })
    const stops = [
      attachKeys(editor),
      attachClipboard(desk),
      attachDrop(host.current, editor, ({ data, at }) => receive(desk, data, at)),
      attachLinks(host.current, editor),
      keepCamera(editor, session),
    ]
    return () => {
      for (const stop of stops) stop()
      stage.current = null
      mounted.destroy()
    }
  }, [editor, session, images])

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
