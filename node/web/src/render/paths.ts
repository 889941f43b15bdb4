/** Paths of elements as the canvas takes them, built once for each list of operations. */
import { ARC, CLOSE, CUBIC, LINE, MOVE, QUAD, type PathOps } from '../core/elements/kind'

const whole = new WeakMap<PathOps, Path2D>()
const coarse = new WeakMap<PathOps, Path2D>()

/** Joints that a path keeps when it is only a few pixels large. */
const COARSE_JOINTS = 10

export function pathOf(ops: PathOps): Path2D {
  let path = whole.get(ops)
  if (!path) {
    path = build(ops)
    whole.set(ops, path)
  }
  return path
}

/** Straight lines between a few of the points: what is left of a stroke seen from far away. */
export function coarsePathOf(ops: PathOps): Path2D {
  let path = coarse.get(ops)
  if (!path) {
    path = buildCoarse(ops)
    coarse.set(ops, path)
  }
  return path
}

function build(ops: PathOps): Path2D {
  const path = new Path2D()
  const n = (i: number) => ops[i] ?? 0
  for (let i = 0; i < ops.length;) {
    switch (ops[i]) {
      case MOVE:
        path.moveTo(n(i + 1), n(i + 2))
        i += 3
        break
      case LINE:
        path.lineTo(n(i + 1), n(i + 2))
        i += 3
        break
      case QUAD:
        path.quadraticCurveTo(n(i + 1), n(i + 2), n(i + 3), n(i + 4))
        i += 5
        break
      case ARC:
        path.arc(n(i + 1), n(i + 2), n(i + 3), n(i + 4), n(i + 5))
        i += 6
        break
      case CUBIC:
        path.bezierCurveTo(n(i + 1), n(i + 2), n(i + 3), n(i + 4), n(i + 5), n(i + 6))
        i += 7
        break
      case CLOSE:
        path.closePath()
        i += 1
        break
      default:
        return path
    }
  }
  return path
}

function buildCoarse(ops: PathOps): Path2D {
  const joints: { x: number; y: number; begins: boolean }[] = []
  const n = (i: number) => ops[i] ?? 0
  for (let i = 0; i < ops.length;) {
    switch (ops[i]) {
      case MOVE:
      case LINE:
        joints.push({ x: n(i + 1), y: n(i + 2), begins: ops[i] === MOVE })
        i += 3
        break
      case QUAD:
        joints.push({ x: n(i + 3), y: n(i + 4), begins: false })
        i += 5
        break
      case CUBIC:
        joints.push({ x: n(i + 5), y: n(i + 6), begins: false })
        i += 7
        break
      case ARC:
        i += 6
        break
      default:
        i += 1
    }
  }
  const path = new Path2D()
  const every = Math.max(1, Math.floor(joints.length / COARSE_JOINTS))
  joints.forEach(({ x, y, begins }, i) => {
    if (begins) path.moveTo(x, y)
    else if (i % every === 0 || i === joints.length - 1) path.lineTo(x, y)
  })
  return path
}
