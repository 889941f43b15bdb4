import type { CSSProperties } from 'react'
import { useState } from 'react'
import { initials } from '../profile'

export interface AvatarProps {
  readonly name: string
  readonly color: string
  /** Where their picture is; without one, or when it does not come, there are their initials. */
  readonly picture?: string | null
  readonly size?: 'small' | 'large'
}

export function Avatar({ name, color, picture = null, size = 'small' }: AvatarProps) {
  const [lost, setLost] = useState<string | null>(null)
  const style: CSSProperties & Record<'--person', string> = { '--person': color }
  return (
    <span className={size === 'large' ? 'avatar avatar--large' : 'avatar'} style={style} aria-hidden="true">
      {initials(name)}
      {picture !== null && picture !== lost && (
        <img
          className="avatar__picture"
          src={sized(picture, size === 'large' ? 256 : 64)}
          alt=""
          draggable={false}
          onError={() => setLost(picture)}
        />
      )}
    </span>
  )
}

/** A picture that is still on its way there is shown from memory, in the size it has. */
function sized(picture: string, pixels: number): string {
  if (picture.startsWith('blob:')) return picture
  return `${picture}${picture.includes('?') ? '&' : '?'}size=${pixels}`
}
