export function meanOf(times: readonly number[]): number {
  return times.length === 0 ? 0 : times.reduce((sum, one) => sum + one, 0) / times.length
}

/** All but one in twenty are as short as this. */
export function slowestOf(times: readonly number[]): number {
  return times.toSorted((a, b) => a - b)[Math.ceil(times.length * 0.95) - 1] ?? 0
}
