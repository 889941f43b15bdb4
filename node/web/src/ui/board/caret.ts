/** Where a caret at `caret` in `before` belongs once the text has become `after`: by the words it was at. */
export function caretAfter(before: string, after: string, caret: number): number {
  const shortest = Math.min(before.length, after.length)
  let head = 0
  while (head < shortest && before[head] === after[head]) head += 1
  let tail = 0
  while (tail < shortest - head && before[before.length - 1 - tail] === after[after.length - 1 - tail])
    tail += 1
  if (caret <= head) return caret
  if (caret >= before.length - tail) return caret + after.length - before.length
  return Math.min(caret, after.length - tail)
}
