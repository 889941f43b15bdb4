/** How near the board is, and the menu that changes it: steps, to fit, or a number that is typed. */

import { useCallback, useRef, useState } from 'react'
import type { Editor } from '../../core/editor-api'
import type { MenuEntry } from '../parts/menu'
import { MenuItems } from '../parts/menu'
import { Popover } from '../parts/popover'
import { tipProps } from '../parts/tip'
import { strings } from '../strings'
import { useStore } from '../use-store'
import { actionEntry } from './action-entry'

export function ZoomLevel({ editor }: { editor: Editor }) {
  const percent = useStore(editor.state, (state) => Math.round(state.camera.zoom * 100))
  const anchor = useRef<HTMLButtonElement>(null)
  const [open, setOpen] = useState(false)
  const close = useCallback(() => setOpen(false), [])
  return (
    <>
      <button
        ref={anchor}
        type="button"
        className="button button--ghost view__level"
        data-testid="zoom-level"
        aria-haspopup="dialog"
        aria-expanded={open}
        aria-label={`${strings.view.zoom} ${percent}%`}
        onClick={() => setOpen(!open)}
        {...tipProps(strings.view.zoom, { side: 'top' })}
      >
        {percent}%
      </button>
      {open && (
        <Popover anchor={anchor} placement="above-end" label={strings.view.zoom} onClose={close}>
          <ZoomField editor={editor} percent={percent} onDone={close} />
          <MenuItems label={strings.view.zoom} entries={zoomEntries(editor)} onClose={close} />
        </Popover>
      )}
    </>
  )
}

interface ZoomFieldProps {
  readonly editor: Editor
  readonly percent: number
  readonly onDone: () => void
}

function ZoomField({ editor, percent, onDone }: ZoomFieldProps) {
  return (
    <form
      className="zoom-panel__form"
      onSubmit={(event) => {
        event.preventDefault()
        const typed = new FormData(event.currentTarget).get('percent')
        const wanted = Number.parseFloat(String(typed).replace(',', '.'))
        onDone()
        if (Number.isFinite(wanted) && wanted > 0) editor.zoomTo(wanted / 100)
      }}
    >
      <input
        name="percent"
        className="zoom-panel__field"
        data-testid="zoom-field"
        inputMode="decimal"
        autoComplete="off"
        aria-label={strings.ways.zoomLevel}
        defaultValue={`${percent}%`}
        // A keyboard on the glass would cover the menu.
        autoFocus={matchMedia('(hover: hover)').matches}
        onFocus={(event) => event.currentTarget.select()}
      />
    </form>
  )
}

function zoomEntries(editor: Editor): readonly MenuEntry[] {
  return [
    actionEntry(editor, 'zoomIn'),
    actionEntry(editor, 'zoomOut'),
    { kind: 'line' },
    actionEntry(editor, 'zoomFit', { testId: 'zoom-fit' }),
    actionEntry(editor, 'zoomSelection', { testId: 'zoom-selection' }),
    actionEntry(editor, 'zoomReset', { testId: 'zoom-100' }),
    { kind: 'line' },
    actionEntry(editor, 'minimap', { testId: 'minimap-toggle' }),
    ...(navigator.maxTouchPoints > 0 ? [fingersEntry(editor)] : []),
    ...(editor.state.get().readOnly ? [] : snapEntries(editor)),
  ]
}

function snapEntries(editor: Editor): readonly MenuEntry[] {
  const { elements, grid } = editor.state.get().snapping
  return [
    { kind: 'line' },
    actionEntry(editor, 'toggleSnap', { checked: elements, testId: 'snap-elements' }),
    actionEntry(editor, 'toggleGrid', { checked: grid, testId: 'snap-grid' }),
  ]
}

function fingersEntry(editor: Editor): MenuEntry {
  const { fingers } = editor.state.get()
  return actionEntry(editor, 'fingers', { checked: fingers === 'pan', testId: 'fingers' })
}
