import { ChevronLeft, GalleryVerticalEnd, History, Keyboard, Search, Share2, Users } from 'lucide-react'
import { useContext, useState } from 'react'
import type { BoardSession } from '../../sync/session'
import { IconButton } from '../parts/icon-button'
import { InlineEdit } from '../parts/inline-edit'
import { Link } from '../parts/link'
import { Mark } from '../parts/mark'
import { Glyph } from '../parts/glyph'
import { ThemeButton } from '../parts/theme-button'
import { tipProps } from '../parts/tip'
import { paths } from '../routes'
import { strings } from '../strings'
import { CommandsContext } from './commands'
import { People } from './people'
import type { Seat } from './seat'
import { shownShortcut } from './shown-keys'
import { StatusPill } from './status-pill'
import { TITLE_CHARS_MAX } from './titles'
import type { Following } from './ways/following'

export interface TopBarProps {
  readonly title: string
  readonly session: BoardSession
  readonly following: Following
  readonly onRename: ((title: string) => void) | null
  readonly onHelp: () => void
  readonly onPalette: () => void
  readonly seat: Seat
  /** Null where there is nobody to share with. */
  readonly onShare: (() => void) | null
  /** Whoever may not is shown who is there. */
  readonly mayShare: boolean
  readonly onActivity: (() => void) | null
  readonly activityShown: boolean
}

export function TopBar(props: TopBarProps) {
  const { title, session, onRename, onHelp, seat, onShare, mayShare, onActivity } = props
  const commands = useContext(CommandsContext)
  return (
    <header className="board__top">
      <div className="island board__head">
        <Link
          to={paths.boards}
          className="board__home"
          aria-label={strings.home}
          data-testid="home"
          {...tipProps(strings.home)}
        >
          <Glyph icon={ChevronLeft} size={16} />
          <Mark size={24} />
        </Link>
        <span className="divider" />
        <Title title={title} onRename={onRename} />
        <StatusPill session={session} />
      </div>
      <div className="island board__people">
        <People presence={session.presence} following={props.following} me={seat.user} named={seat.named} />
        {onShare !== null && (
          <button
            type="button"
            className={`button ${mayShare ? 'button--primary' : 'button--secondary'} board__share`}
            data-testid="share"
            onClick={onShare}
          >
            <Glyph icon={mayShare ? Share2 : Users} size={16} />
            {mayShare ? strings.share.open : strings.share.sheets.people}
          </button>
        )}
        <span className="divider" />
        {onActivity !== null && (
          <IconButton
            icon={History}
            label={strings.activity.open}
            aria-pressed={props.activityShown}
            testId="activity-open"
            onClick={onActivity}
          />
        )}
        <IconButton
          icon={Search}
          label={strings.actions.palette}
          shortcut={shownShortcut('palette')}
          testId="palette-open"
          onClick={props.onPalette}
        />
        <IconButton
          icon={GalleryVerticalEnd}
          label={strings.frames.title}
          shortcut={shownShortcut('framesPanel')}
          testId="frames-open"
          onClick={() => commands.run('framesPanel')}
        />
        <ThemeButton />
        <IconButton
          icon={Keyboard}
          label={strings.actions.help}
          shortcut="?"
          testId="help"
          className="board__help"
          onClick={onHelp}
        />
      </div>
    </header>
  )
}

function Title({ title, onRename }: { title: string; onRename: ((title: string) => void) | null }) {
  const [renaming, setRenaming] = useState(false)
  if (renaming && onRename !== null) {
    return (
      <h1 className="board__title board__title--editing">
        <InlineEdit
          value={title}
          editing
          label={strings.board.rename}
          charsMax={TITLE_CHARS_MAX}
          testId="board-title"
          onDone={(next) => {
            setRenaming(false)
            if (next !== null) onRename(next)
          }}
        />
      </h1>
    )
  }
  return (
    <h1 className="board__title">
      <button
        type="button"
        className="board__title-button"
        data-testid="board-title"
        disabled={onRename === null}
        aria-label={`${title}. ${strings.board.rename}`}
        onClick={() => setRenaming(true)}
        {...tipProps(strings.board.rename)}
      >
        {title}
      </button>
    </h1>
  )
}
