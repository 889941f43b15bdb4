/** What is shown of a snap, in world coordinates. */
export type Axis = 'x' | 'y'

export interface Guide {
  /** A line through what stands in line at `at` on the axis, or one of several equal gaps along the axis. */
  readonly is: 'line' | 'gap'
  readonly axis: Axis
  /** Of a line its place on the axis, of a gap where on the other axis it is drawn. */
  readonly at: number
  readonly from: number
  readonly to: number
}

export const NO_GUIDES: readonly Guide[] = []
