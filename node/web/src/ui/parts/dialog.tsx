/** A modal dialog on the browser's own <dialog>, which keeps focus in and gives it back. */

import { X } from 'lucide-react'
import type { ReactNode } from 'react'
import { useId, useLayoutEffect, useRef } from 'react'
import { strings } from '../strings'
import { IconButton } from './icon-button'

export interface DialogProps {
  readonly title: string
  readonly narrow?: boolean
  readonly testId?: string
  readonly onClose: () => void
  readonly children: ReactNode
}

export function Dialog({ title, narrow = false, testId, onClose, children }: DialogProps) {
  const node = useRef<HTMLDialogElement>(null)
  const titleId = useId()

  // Before it is taken off the page: a dialog that is closed afterwards gives no focus back.
  useLayoutEffect(() => {
    const dialog = node.current
    if (dialog === null) return
    dialog.showModal()
    return () => dialog.close()
  }, [])

  return (
    <dialog
      ref={node}
      aria-labelledby={titleId}
      data-testid={testId}
      className={`dialog${narrow ? ' dialog--narrow' : ''}`}
      onCancel={(event) => {
        event.preventDefault()
        onClose()
      }}
      onKeyDown={(event) => event.stopPropagation()}
      onPointerDown={(event) => {
        // The backdrop belongs to the dialog element itself; everything inside is a child.
        if (event.target === node.current) onClose()
      }}
    >
      <div className="dialog__head">
        <h2 id={titleId} className="dialog__title">
          {title}
        </h2>
        <IconButton icon={X} label={strings.close} testId="dialog-close" onClick={onClose} />
      </div>
      <div className="dialog__body">{children}</div>
    </dialog>
  )
}
