import type { AnchorHTMLAttributes } from 'react'
import { navigate } from '../router'

/** A link within the app: a plain press moves without loading anew, everything else is the browser's. */
export function Link({ to, ...rest }: AnchorHTMLAttributes<HTMLAnchorElement> & { readonly to: string }) {
  return (
    <a
      href={to}
      onClick={(event) => {
        if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return
        event.preventDefault()
        navigate(to)
      }}
      {...rest}
    />
  )
}
