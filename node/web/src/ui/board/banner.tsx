/** What needs an answer before work can go on: deleted, set aside, refused, out of date. */

import { Download, RotateCcw, TriangleAlert } from 'lucide-react'
import type { ReactNode } from 'react'
import { Glyph } from '../parts/glyph'
import { Link } from '../parts/link'
import { paths } from '../routes'
import { strings } from '../strings'

export interface BannerProps {
  readonly title: string
  readonly text: string
  readonly testId: string
  readonly children?: ReactNode
}

export function Banner({ title, text, testId, children }: BannerProps) {
  return (
    <section className="banner" role="alert" data-testid={testId}>
      <Glyph icon={TriangleAlert} size={20} className="banner__icon" />
      <div className="banner__words">
        <h2 className="banner__title">{title}</h2>
        <p className="banner__text">{text}</p>
      </div>
      <div className="banner__actions">{children}</div>
    </section>
  )
}

export function DownloadButton({ onClick }: { onClick: () => void }) {
  return (
    <button
      type="button"
      className="button button--secondary"
      data-testid="download-set-aside"
      onClick={onClick}
    >
      <Glyph icon={Download} size={16} />
      {strings.status.banner.download}
    </button>
  )
}

export function ReloadButton() {
  return (
    <button
      type="button"
      className="button button--primary"
      data-testid="reload"
      onClick={() => location.reload()}
    >
      <Glyph icon={RotateCcw} size={16} />
      {strings.board.reload}
    </button>
  )
}

export function HomeLink() {
  return (
    <Link to={paths.boards} className="button button--secondary" data-testid="go-home">
      {strings.goHome}
    </Link>
  )
}
