/** Medians of some runs with their spread: as tables for people, and as one line of JSON for each scenario. */

export class Figures {
  /** By scenario, then editor, then figure: the values of all runs. */
  #scenarios = new Map()

  /** One run's values of an editor in a scenario, by name. What could not be told is left out. */
  add(editor, scenario, values) {
    const editors = this.#scenarios.get(scenario) ?? new Map()
    const all = editors.get(editor) ?? {}
    for (const [name, value] of Object.entries(values)) if (Number.isFinite(value)) (all[name] ??= []).push(value)
    this.#scenarios.set(scenario, editors.set(editor, all))
  }

  /** One object for each scenario and editor; `common` goes into every one. */
  lines(common) {
    return [...this.#scenarios].flatMap(([scenario, editors]) =>
      [...editors].map(([editor, all]) => {
        const figures = Object.fromEntries(Object.entries(all).map(([name, values]) => [name, spread(values)]))
        return JSON.stringify({ scenario, editor, ...common, figures })
      }),
    )
  }

  /** `bars` holds `{ 'scenario name': { most } | { least } }`: what is asked of `asked`. */
  table(bars, asked) {
    const rows = [['editor', 'scenario', 'figure', 'median', 'of', 'asked', '']]
    for (const [scenario, editors] of this.#scenarios) {
      for (const [editor, all] of editors) {
        for (const [name, values] of Object.entries(all)) {
          const { median, min, max } = spread(values)
          const bar = editor === asked ? bars[`${scenario} ${name}`] : undefined
          rows.push([editor, scenario, name, text(median), `${text(min)} – ${text(max)}`, wordsOf(bar), verdict(bar, median)])
        }
      }
    }
    const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)))
    return rows.map((row) => row.map((cell, column) => cell.padEnd(widths[column])).join('  ').trimEnd()).join('\n')
  }

  /** A column for each editor: medians, with the least and the greatest in brackets. */
  markdown(bars, asked, editors) {
    const rows = [['scenario', 'figure', ...editors, `asked of ${asked}`], ['---', '---', ...editors.map(() => '---'), '---']]
    for (const [scenario, of] of this.#scenarios) {
      const names = new Set(editors.flatMap((editor) => Object.keys(of.get(editor) ?? {})))
      for (const name of names) {
        const bar = bars[`${scenario} ${name}`]
        const cells = editors.map((editor) => {
          const values = of.get(editor)?.[name]
          if (values === undefined) return ''
          const { median, min, max } = spread(values)
          return min === max ? text(median) : `${text(median)} (${text(min)} to ${text(max)})`
        })
        const own = of.get(asked)?.[name]
        const words = bar === undefined || own === undefined ? '' : `${wordsOf(bar)}: ${verdict(bar, spread(own).median)}`
        rows.push([scenario, name, ...cells, words])
      }
    }
    return rows.map((row) => `| ${row.join(' | ')} |`).join('\n')
  }
}

function wordsOf(bar) {
  if (bar === undefined) return ''
  return bar.most === undefined ? `≥ ${text(bar.least)}` : `≤ ${text(bar.most)}`
}

function verdict(bar, median) {
  if (bar === undefined) return ''
  return median <= (bar.most ?? Infinity) && median >= (bar.least ?? -Infinity) ? 'met' : 'NOT MET'
}

function spread(values) {
  const sorted = values.toSorted((a, b) => a - b)
  const round = (value) => Math.round(value * 100) / 100
  return { median: round(sorted[sorted.length >> 1]), min: round(sorted[0]), max: round(sorted.at(-1)), runs: sorted.length }
}

const text = (value) => (Math.abs(value) >= 100 ? String(Math.round(value)) : String(Math.round(value * 10) / 10))
