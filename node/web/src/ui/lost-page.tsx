import { useEffect } from 'react'
import { LostArt } from './parts/art'
import { Link } from './parts/link'
import { Notice } from './parts/notice'
import { paths } from './routes'
import { strings } from './strings'

/** For an address that names nothing. */
export function LostPage({
  title = strings.lost.title,
  text = strings.lost.text,
}: {
  title?: string
  text?: string
}) {
  useEffect(() => {
    document.title = strings.app
  }, [])
  return (
    <main className="full">
      <Notice of="page" art={<LostArt />} title={title} text={text} testId="lost">
        <Link to={paths.boards} className="button button--primary" data-testid="go-home">
          {strings.goHome}
        </Link>
      </Notice>
    </main>
  )
}
