/** What needs an answer before work can go on. */

import type { BoardSession } from '../../sync/session'
import { strings } from '../strings'
import { useStore } from '../use-store'
import { Banner, DownloadButton, HomeLink, ReloadButton } from './banner'

export interface BannersProps {
  readonly session: BoardSession
  /** Null for who may not. */
  readonly restore: (() => void) | null
}

export function Banners({ session, restore }: BannersProps) {
  const { phase, detail } = useStore(session.status, (value) => value)
  const aside = useStore(session.setAside, (value) => value.length > 0)
  const words = strings.status.banner
  const download = aside && <DownloadButton onClick={() => session.downloadSetAside()} />

  switch (phase) {
    case 'gone':
      return (
        <Banner
          title={words.goneTitle}
          text={restore === null ? words.goneForOthers : words.goneText}
          testId="banner-gone"
        >
          {download}
          <HomeLink />
          {restore !== null && (
            <button
              type="button"
              className="button button--primary"
              data-testid="restore-board"
              onClick={restore}
            >
              {words.restore}
            </button>
          )}
        </Banner>
      )
    case 'refused':
      return (
        <Banner title={words.refusedTitle} text={detail ?? words.refusedText} testId="banner-refused">
          {download}
          <ReloadButton />
        </Banner>
      )
    case 'outdated':
      return (
        <Banner title={words.outdatedTitle} text={words.outdatedText} testId="banner-outdated">
          {download}
          <ReloadButton />
        </Banner>
      )
    case 'shut_out':
      // The whole page says so.
      return null
    case 'loading':
    case 'connecting':
    case 'saved':
    case 'saving':
    case 'offline':
    case 'reconnecting':
    case 'set_aside':
      return aside ? <SetAside session={session} /> : null
  }
}

function SetAside({ session }: { session: BoardSession }) {
  const words = strings.status.banner
  const reason = useStore(session.setAside, (all) => all.at(-1)?.reason)
  return (
    <Banner title={words.setAsideTitle} text={reason ?? words.setAsideText} testId="banner-set-aside">
      <DownloadButton onClick={() => session.downloadSetAside()} />
      <button
        type="button"
        className="button button--ghost"
        data-testid="dismiss-set-aside"
        onClick={() => session.dismissSetAside()}
      >
        {strings.dismiss}
      </button>
    </Banner>
  )
}
