/** A grid in the page's own scroll of which only the rows near the window exist. */

import type { CSSProperties, ReactNode } from 'react'
import { useEffect, useLayoutEffect, useRef, useState } from 'react'

export interface VirtualGridProps<T> {
  readonly items: readonly T[]
  readonly label: string
  readonly keyOf: (item: T) => string
  readonly render: (item: T) => ReactNode
  /** There is more to load; the end of what is there came near. */
  readonly onNearEnd: () => void
}

const COLUMN_PX_MIN = 248
const GAP_PX = 24
/** A card: a preview of 16:10 and two lines of text below it. Must agree with start.css. */
const PREVIEW_RATIO = 10 / 16
const CARD_FOOT_PX = 68
const OVERSCAN_ROWS = 2
/** More is asked for while this many rows are still to come, so that who scrolls does not wait for it. */
const AHEAD_ROWS = 10

interface Shape {
  readonly columns: number
  readonly rowPx: number
}

interface Rows {
  readonly first: number
  readonly last: number
}

export function VirtualGrid<T>({ items, label, keyOf, render, onNearEnd }: VirtualGridProps<T>) {
  const host = useRef<HTMLDivElement>(null)
  const [shape, setShape] = useState<Shape | null>(null)
  const [rows, setRows] = useState<Rows>({ first: 0, last: 8 })
  const rowCount = shape === null ? 0 : Math.ceil(items.length / shape.columns)

  useLayoutEffect(() => {
    const node = host.current
    if (node === null) return
    const measure = () => setShape(shapeFor(node.clientWidth))
    measure()
    const observer = new ResizeObserver(measure)
    observer.observe(node)
    return () => observer.disconnect()
  }, [])

  useEffect(() => {
    const node = host.current
    if (node === null || shape === null) return
    const look = () => {
      const next = rowsInView(node.getBoundingClientRect().top, shape.rowPx)
      setRows((now) => (now.first === next.first && now.last === next.last ? now : next))
    }
    look()
    window.addEventListener('scroll', look, { passive: true })
    window.addEventListener('resize', look)
    return () => {
      window.removeEventListener('scroll', look)
      window.removeEventListener('resize', look)
    }
  }, [shape])

  useEffect(() => {
    if (shape !== null && rows.last >= rowCount - 1 - AHEAD_ROWS) onNearEnd()
  }, [shape, rows.last, rowCount, onNearEnd])

  const first = Math.min(rows.first, Math.max(0, rowCount - 1))
  const last = Math.min(rows.last, rowCount - 1)
  const columns = shape?.columns ?? 1
  const grid: CSSProperties & Record<'--columns', number> = {
    '--columns': columns,
    paddingTop: shape === null ? 0 : first * shape.rowPx,
    paddingBottom: shape === null ? 0 : Math.max(0, rowCount - 1 - last) * shape.rowPx,
  }
  return (
    <div ref={host}>
      {shape !== null && (
        <ul className="grid" style={grid} aria-label={label} data-testid="board-grid">
          {items.slice(first * columns, (last + 1) * columns).map((item, at) => (
            <li key={keyOf(item)} aria-setsize={items.length} aria-posinset={first * columns + at + 1}>
              {render(item)}
            </li>
          ))}
        </ul>
      )}
    </div>
  )
}

function shapeFor(widthPx: number): Shape {
  const columns = Math.max(1, Math.floor((widthPx + GAP_PX) / (COLUMN_PX_MIN + GAP_PX)))
  const columnPx = (widthPx - GAP_PX * (columns - 1)) / columns
  return { columns, rowPx: Math.round(columnPx * PREVIEW_RATIO) + CARD_FOOT_PX + GAP_PX }
}

function rowsInView(gridTopPx: number, rowPx: number): Rows {
  const first = Math.floor(-gridTopPx / rowPx) - OVERSCAN_ROWS
  const last = Math.floor((window.innerHeight - gridTopPx) / rowPx) + OVERSCAN_ROWS
  return { first: Math.max(0, first), last: Math.max(0, last) }
}
