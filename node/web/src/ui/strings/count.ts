/** A number with its noun. */
export function count(n: number, one: string, many: string): string {
  return `${figure(n)} ${n === 1 ? one : many}`
}

export function figure(n: number): string {
  return n.toLocaleString('en')
}
