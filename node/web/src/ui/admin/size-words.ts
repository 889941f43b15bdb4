const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB'] as const

/** “1.4 MiB”: three digits at most, powers of 1,024. */
export function sizeWords(bytes: number): string {
  let value = bytes
  let unit = 0
  while (value >= 1000 && unit < UNITS.length - 1) {
    value /= 1024
    unit += 1
  }
  const digits = unit === 0 || value >= 10 ? 0 : 1
  return `${value.toFixed(digits)} ${UNITS[unit]}`
}
