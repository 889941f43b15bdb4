/** One's own account: who one is, how one gets in, from where, and how one leaves. */

import { useEffect } from 'react'
import { listMyActivity } from '../../api/me'
import { LostArt } from '../parts/art'
import { ActivityList } from '../parts/activity-list'
import { Link } from '../parts/link'
import { Notice } from '../parts/notice'
import { PageBar } from '../parts/page-bar'
import { Section } from '../parts/section'
import { paths } from '../routes'
import { strings } from '../strings'
import { useNoAccounts } from '../use-no-accounts'
import { useStanding } from '../who'
import { DeleteSection } from './delete-section'
import { LooksSection } from './looks-section'
import { PasswordSection, ProfileSection } from './profile-sections'
import { SessionsSection } from './sessions-section'
import { TokensSection } from './tokens-section'

export default function AccountPage() {
  const standing = useStanding()
  const words = strings.account
  useEffect(() => {
    document.title = `${words.title} · ${strings.app}`
  }, [words.title])

  const none = useNoAccounts()
  if (none) {
    return (
      <main className="full">
        <Notice of="page" art={<LostArt />} title={words.noneTitle} text={words.noneText} testId="no-account">
          <Link to={paths.boards} className="button button--primary">
            {strings.goHome}
          </Link>
        </Notice>
      </main>
    )
  }
  return (
    <div className="start">
      <PageBar />
      <main className="account" data-testid="account">
        <h1 className="start__title">{words.title}</h1>
        {standing.at !== 'in' ? (
          <p className="muted" role="status">
            {words.loading}
          </p>
        ) : (
          <>
            <Section title={words.profile}>
              <ProfileSection key={standing.me.name} me={standing.me} />
            </Section>
            <Section title={words.looks} text={words.looksText}>
              <LooksSection />
            </Section>
            <Section title={words.password}>
              <PasswordSection />
            </Section>
            <Section title={words.sessions} text={words.sessionsText}>
              <SessionsSection />
            </Section>
            <Section title={words.tokens} text={words.tokensText}>
              <TokensSection />
            </Section>
            <Section title={words.activity}>
              <ActivityList ask={listMyActivity} ofMany />
            </Section>
            <Section title={words.leave} text={words.leaveText}>
              <DeleteSection me={standing.me} />
            </Section>
          </>
        )}
      </main>
    </div>
  )
}
