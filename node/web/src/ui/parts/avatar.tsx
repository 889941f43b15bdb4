import type { CSSProperties } from 'react'
import { initials } from '../profile'

export function Avatar({ name, color }: { name: string; color: string }) {
  const style: CSSProperties & Record<'--person', string> = { '--person': color }
  return (
    <span className="avatar" style={style} aria-hidden="true">
      {initials(name)}
    </span>
  )
}
