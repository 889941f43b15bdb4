/** The same board as Easel is measured with (tests/browser/measure/board.mjs): what stands where, in ten kinds. */
const CELL = { w: 110, h: 100 }
const ASPECT = 1.6

export function cells(count) {
  const columns = Math.ceil(Math.sqrt((count * ASPECT * CELL.h) / CELL.w))
  return Array.from({ length: count }, (_, at) => ({ at, kind: KINDS[at % 10], x: (at % columns) * CELL.w, y: Math.floor(at / columns) * CELL.h }))
}

const KINDS = ['note', 'note', 'text', 'text', 'pen', 'line', 'ellipse', 'diamond', 'box', 'box']

/** 48 points of a wave. */
export function wave(w, h) {
  return Array.from({ length: 48 }, (_, i) => [(w * i) / 47, (h / 2) * (1 + Math.sin(i / 3))])
}
