/** Paths of the board as SVG writes them, for pictures on buttons. */

import { ARC, CLOSE, CUBIC, MOVE, QUAD, type PathOps } from '../../core/elements/kind'

export function svgOf(ops: PathOps): string {
  const n = (i: number) => ops[i] ?? 0
  let data = ''
  for (let i = 0; i < ops.length;) {
    const code = n(i)
    if (code === ARC) {
      // Whole circles alone, in two halves.
      const [x, y, r] = [n(i + 1), n(i + 2), n(i + 3)]
      data += `M${x + r} ${y}A${r} ${r} 0 1 1 ${x - r} ${y}A${r} ${r} 0 1 1 ${x + r} ${y}`
      i += 6
      continue
    }
    const count = NUMBERS[code] ?? 2
    const letter =
      code === CLOSE ? 'Z' : code === CUBIC ? 'C' : code === QUAD ? 'Q' : code === MOVE ? 'M' : 'L'
    data += letter + ops.slice(i + 1, i + 1 + count).join(' ')
    i += 1 + count
  }
  return data
}

const NUMBERS: Readonly<Record<number, number>> = { [CLOSE]: 0, [CUBIC]: 6, [QUAD]: 4 }
