/** What the compositor and the page's thread did while something was done to a page. */

const FRAME_MS = 1000 / 60
const TRACED = [
  'devtools.timeline',
  'disabled-by-default-devtools.timeline',
  'disabled-by-default-devtools.timeline.frame',
  'devtools.timeline.frame',
  'toplevel',
  'viz',
  'cc',
  'benchmark',
  'input',
  'latencyInfo',
]

/**
 * Does `send(dev, n)` sixty times a second for so long; gives the frames that the compositor put on the screen, what
 * they cost the page, and how long after the input the frame that shows it was there (`latency`, over all pointer moves
 * of a drag, or key presses).
 */
export async function drive(browser, page, ms, send, every_ms = FRAME_MS) {
  const dev = await page.context().newCDPSession(page)
  await dev.send('Performance.enable')
  await browser.startTracing(page, { categories: TRACED })
  const before = await metrics(dev)
  const begun = performance.now()
  const sent = []
  let inputs = 0
  for (; performance.now() - begun < ms; inputs += 1) {
    sent.push(send(dev, inputs))
    await new Promise((resolve) => setTimeout(resolve, begun + (inputs + 1) * every_ms - performance.now()))
  }
  await Promise.all(sent)
  const seconds = (performance.now() - begun) / 1000
  const after = await metrics(dev)
  const { traceEvents } = JSON.parse((await browser.stopTracing()).toString())
  await dev.detach()
  const drawn = drawnFrames(traceEvents)
  const script_ms = (after.ScriptDuration - before.ScriptDuration) * 1000
  return {
    fps: drawn.length / seconds,
    p95_ms: quantile(drawn.slice(1).map((at, i) => at - drawn[i]), 0.95),
    script_ms: script_ms / Math.max(1, drawn.length),
    script_per_input_ms: script_ms / inputs,
    longest_ms: longestTask(traceEvents, 'dur'),
    // Without what other programs on the machine took meanwhile.
    longest_cpu_ms: longestTask(traceEvents, 'tdur'),
    latency_p95_ms: quantile(latencies(traceEvents), 0.95),
  }
}

/** When the compositor drew, in ms. */
function drawnFrames(events) {
  const swaps = events.filter(({ name, ph }) => name === 'Display::DrawAndSwap' && ph !== 'E')
  if (swaps.length === 0) throw new Error('the trace has no frames of the compositor')
  return swaps.map(({ ts }) => ts / 1000).sort((a, b) => a - b)
}

/** From an input event's making to the frame that shows what came of it. */
function latencies(events) {
  const begun = new Map()
  const all = []
  for (const { name, ph, ts, id2, pid, args } of events) {
    if (name !== 'EventLatency') continue
    const id = `${pid} ${id2?.local ?? id2?.global}`
    if (ph === 'b') begun.set(id, { ts, type: args?.event_latency?.event_type })
    const start = ph === 'e' ? begun.get(id) : undefined
    if (start !== undefined && SHOWN_INPUTS.has(start.type)) all.push((ts - start.ts) / 1000)
  }
  return all
}
const SHOWN_INPUTS = new Set(['MOUSE_DRAGGED', 'KEY_PRESSED', 'MOUSE_WHEEL'])

/** On the thread that runs the page's scripts; `dur` by the clock, `tdur` by its own work. */
function longestTask(events, by) {
  const script = events.find(({ name }) => name === 'FireAnimationFrame')
  const tasks = events.filter(({ name, ph, pid, tid }) => name.endsWith('RunTask') && ph === 'X' && pid === script?.pid && tid === script?.tid)
  return Math.max(0, ...tasks.map((task) => (task[by] ?? 0) / 1000))
}

export async function metrics(dev) {
  const { metrics: all } = await dev.send('Performance.getMetrics')
  return Object.fromEntries(all.map(({ name, value }) => [name, value]))
}

export function quantile(values, part) {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.floor(sorted.length * part)] ?? NaN
}
