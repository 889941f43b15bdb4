/** Looking after the installation, for admins. */

import { useEffect } from 'react'
import { LostArt } from '../parts/art'
import { Link } from '../parts/link'
import { Notice } from '../parts/notice'
import { PageBar } from '../parts/page-bar'
import { Section } from '../parts/section'
import { paths } from '../routes'
import { strings } from '../strings'
import { useNoAccounts } from '../use-no-accounts'
import { useStanding } from '../who'
import { BackupsSection } from './backups-section'
import { NodesSection } from './nodes-section'

export default function AdminPage() {
  const standing = useStanding()
  const words = strings.admin
  useEffect(() => {
    document.title = `${words.title} · ${strings.app}`
  }, [words.title])
  // Where there are no accounts there is no admin either.
  const none = useNoAccounts()
  if (none || (standing.at === 'in' && !standing.me.admin)) {
    const { forbiddenTitle: title, forbiddenText: text } = words
    return (
      <main className="full">
        <Notice of="page" art={<LostArt />} title={title} text={text} testId="no-admin">
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
      <main className="account" data-testid="admin">
        <h1 className="start__title">{words.title}</h1>
        {standing.at !== 'in' ? (
          <p className="muted" role="status">
            {strings.account.loading}
          </p>
        ) : (
          <>
            <Section title={words.nodes} text={words.nodesText}>
              <NodesSection />
            </Section>
            <Section title={words.backups}>
              <BackupsSection />
            </Section>
          </>
        )}
      </main>
    </div>
  )
}
