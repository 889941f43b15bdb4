/** Medians of some runs with their spread: as a table for people, and as one line of JSON for each scenario. */

export class Figures {
  #scenarios = new Map()

  /** One run's values of a scenario, by name. */
  add(scenario, values) {
    const all = this.#scenarios.get(scenario) ?? {}
    for (const [name, value] of Object.entries(values)) (all[name] ??= []).push(value)
    this.#scenarios.set(scenario, all)
  }

  /** One object for each scenario; `common` goes into every one. */
  lines(common) {
    return [...this.#scenarios].map(([scenario, all]) => {
      const figures = Object.fromEntries(Object.entries(all).map(([name, values]) => [name, spread(values)]))
      return JSON.stringify({ scenario, ...common, figures })
    })
  }

  /** `bars` holds `{ 'scenario name': { most } | { least } }`: what is asked for. */
  table(bars) {
    const rows = [['scenario', 'figure', 'median', 'of', 'asked', '']]
    for (const [scenario, all] of this.#scenarios) {
      for (const [name, values] of Object.entries(all)) {
        const { median, min, max } = spread(values)
        const bar = bars[`${scenario} ${name}`]
        const met = bar === undefined ? '' : median <= (bar.most ?? Infinity) && median >= (bar.least ?? -Infinity) ? 'met' : 'NOT MET'
        const asked = bar === undefined ? '' : bar.most === undefined ? `≥ ${bar.least}` : `≤ ${bar.most}`
        rows.push([scenario, name, text(median), `${text(min)} – ${text(max)}`, asked, met])
      }
    }
    const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)))
    return rows.map((row) => row.map((cell, column) => cell.padEnd(widths[column])).join('  ').trimEnd()).join('\n')
  }
}

function spread(values) {
  const sorted = values.toSorted((a, b) => a - b)
  const round = (value) => Math.round(value * 100) / 100
  return { median: round(sorted[sorted.length >> 1]), min: round(sorted[0]), max: round(sorted.at(-1)), runs: sorted.length }
}

const text = (value) => (Math.abs(value) >= 100 ? String(Math.round(value)) : String(Math.round(value * 10) / 10))
