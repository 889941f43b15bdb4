import type { AnchorHTMLAttributes } from 'react'
import { address } from '../../base'
import { navigate } from '../router'

/** A link within the app, to a path of it: a plain press moves without loading anew, everything else is the browser's. */
export function Link({ to, ...rest }: AnchorHTMLAttributes<HTMLAnchorElement> & { readonly to: string }) {
  return (
    <a
      href={address(to)}
      onClick={(event) => {
        if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return
        event.preventDefault()
        navigate(to)
      }}
      {...rest}
    />
  )
}
