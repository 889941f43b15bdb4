/** Pointer and wheel events of the host element as plain input for the editor. */
import type { Editor, ModifierKeys, PointerInput } from '../core/editor-api'
import type { Point } from '../core/geometry/box'

/** A wheel that counts in lines or pages instead of pixels. */
const LINE_PX = 32
const PAGE_PX = 600

export function listen(host: HTMLElement, editor: Editor): () => void {
  const pointer = (kind: PointerInput['kind']) => (event: PointerEvent) => {
    if (event.target !== host && kind === 'down' && !isOnBoard(host, event)) return
    if (kind === 'down') {
      // Others' events on the way up would leave a gesture hanging.
      host.setPointerCapture(event.pointerId)
      // The middle button would otherwise begin the browser's own scrolling.
      if (event.button === 1) event.preventDefault()
    }
    editor.pointer(inputOf(host, event, kind))
  }
  const wheel = (event: WheelEvent) => {
    event.preventDefault()
    const scale = event.deltaMode === 1 ? LINE_PX : event.deltaMode === 2 ? PAGE_PX : 1
    editor.wheel({
      at: place(host, event),
      dx: event.deltaX * scale,
      dy: event.deltaY * scale,
      zoom: event.ctrlKey || event.metaKey,
      ...modifiers(event),
    })
  }
  const mouse = (event: MouseEvent) => {
    const { editing, naming } = editor.state.get()
    // A tap's own come after it was answered, and would take the focus from the field that it opened.
    if (event.button === 1 || editing !== null || naming !== null) event.preventDefault()
  }
  const events = {
    pointerdown: pointer('down'),
    pointermove: pointer('move'),
    pointerup: pointer('up'),
    pointercancel: pointer('cancel'),
    pointerleave: pointer('leave'),
  }
  const stop = new AbortController()
  for (const [name, handler] of Object.entries(events)) {
    host.addEventListener(name as keyof typeof events, handler, { signal: stop.signal })
  }
  host.addEventListener('wheel', wheel, { passive: false, signal: stop.signal })
  host.addEventListener('mousedown', mouse, { signal: stop.signal })
  // A quick stroke would else begin a fling of nothing, and the tap on a button right after it would only end that.
  host.addEventListener('touchmove', (event) => event.preventDefault(), {
    passive: false,
    signal: stop.signal,
  })
  return () => stop.abort()
}

/** On the canvas, not on something laid over it inside the host. */
function isOnBoard(host: HTMLElement, event: Event): boolean {
  return event.target instanceof HTMLCanvasElement && host.contains(event.target)
}

function inputOf(host: HTMLElement, event: PointerEvent, kind: PointerInput['kind']): PointerInput {
  const rect = host.getBoundingClientRect()
  const at = { x: event.clientX - rect.left, y: event.clientY - rect.top }
  const merged = kind === 'move' ? event.getCoalescedEvents() : []
  const trail = merged.map((one) => ({
    x: one.clientX - rect.left,
    y: one.clientY - rect.top,
    pressure: one.pressure,
  }))
  return {
    kind,
    pointerId: event.pointerId,
    device: event.pointerType === 'touch' || event.pointerType === 'pen' ? event.pointerType : 'mouse',
    button: Math.max(0, event.button),
    at,
    pressure: event.pressure,
    contact: Math.max(event.width, event.height),
    // Some browsers leave the event itself out of what it was merged from.
    trail: trail.length > 0 ? trail : [{ ...at, pressure: event.pressure }],
    time_ms: event.timeStamp,
    ...modifiers(event),
  }
}

function place(host: HTMLElement, event: MouseEvent): Point {
  const rect = host.getBoundingClientRect()
  return { x: event.clientX - rect.left, y: event.clientY - rect.top }
}

function modifiers(event: MouseEvent): ModifierKeys {
  return { shift: event.shiftKey, alt: event.altKey, mod: event.ctrlKey || event.metaKey }
}
