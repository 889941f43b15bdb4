/** Pictures for tests, made here, and ways to give them to a page. */
import { crc32, deflateSync } from 'node:zlib'

/** A PNG of this size; `color` gives the pixel at a place as [r, g, b]. */
export function png(w, h, color) {
  const rows = Buffer.alloc(h * (1 + w * 3))
  for (let y = 0; y < h; y++) for (let x = 0; x < w; x++) rows.set(color(x, y), y * (1 + w * 3) + 1 + x * 3)
  const head = Buffer.alloc(13)
  head.writeUInt32BE(w, 0)
  head.writeUInt32BE(h, 4)
  head.set([8, 2, 0, 0, 0], 8)
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])
  return Buffer.concat([signature, chunk('IHDR', head), chunk('IDAT', deflateSync(rows)), chunk('IEND', Buffer.alloc(0))])
}

function chunk(type, data) {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data])
  const out = Buffer.alloc(8)
  out.writeUInt32BE(data.length, 0)
  const sum = Buffer.alloc(4)
  sum.writeUInt32BE(crc32(body), 0)
  return Buffer.concat([out.subarray(0, 4), body, sum])
}

export const plain = (w, h, color) => png(w, h, () => color)
/** Left half red, right half blue. */
export const halves = (w, h) => png(w, h, (x) => (x < w / 2 ? [220, 30, 30] : [30, 60, 220]))

/** Drops files `{ name, type, bytes }` on the board. */
export const drop = (page, [x, y], files) => send(page, 'drop', [x, y], files, {})

/** Pastes what another program put on the clipboard: files, and texts by their type. */
export const paste = (page, texts = {}, files = []) => send(page, 'paste', [0, 0], files, texts)

function send(page, kind, [x, y], files, texts) {
  const given = files.map(({ name, type, bytes }) => ({ name, type, base64: Buffer.from(bytes).toString('base64') }))
  return page.evaluate(
    ({ kind, x, y, given, texts }) => {
      const data = new DataTransfer()
      for (const { name, type, base64 } of given) {
        const bytes = Uint8Array.from(atob(base64), (char) => char.charCodeAt(0))
        data.items.add(new File([bytes], name, { type }))
      }
      for (const [type, text] of Object.entries(texts)) data.setData(type, text)
      const host = document.querySelector('[data-testid=canvas]')
      const options = { bubbles: true, cancelable: true }
      if (kind === 'paste') {
        return document.body.dispatchEvent(new ClipboardEvent('paste', { ...options, clipboardData: data }))
      }
      for (const type of ['dragenter', 'dragover', 'drop']) {
        host.dispatchEvent(new DragEvent(type, { ...options, clientX: x, clientY: y, dataTransfer: data }))
      }
    },
    { kind, x, y, given, texts },
  )
}

/** A room in the evening: a wall that darkens, a floor, a window with a sun, a table. */
export const photo = (w, h) =>
  png(w, h, (px, py) => {
    const [x, y] = [px / w, py / h]
    const grain = ((px * 7919 + py * 104729) % 13) - 6
    const lit = (color, by = 1) => color.map((part) => Math.max(0, Math.min(255, Math.round(part * by + grain))))
    if (x > 0.12 && x < 0.42 && y > 0.14 && y < 0.52) {
      const isFrame = x < 0.13 || x > 0.41 || y < 0.155 || y > 0.505 || Math.abs(x - 0.27) < 0.006
      if (isFrame) return lit([240, 236, 228])
      const sun = Math.hypot(x - 0.33, (y - 0.4) * (h / w)) < 0.035
      return sun ? lit([255, 226, 150]) : lit([255 - 90 * y, 170 + 60 * (0.5 - y), 120 + 180 * (0.5 - y)])
    }
    if (y > 0.62 && y < 0.66 && x > 0.45 && x < 0.92) return lit([120, 78, 48])
    if (y >= 0.66 && y < 0.9 && (Math.abs(x - 0.49) < 0.012 || Math.abs(x - 0.88) < 0.012)) return lit([92, 60, 38])
    if (y > 0.44 && y < 0.62 && x > 0.6 && x < 0.78) return lit(x > 0.61 && x < 0.77 && y > 0.455 && y < 0.6 ? [60, 92, 140] : [40, 42, 48])
    return y > 0.76 ? lit([176, 138, 100], 1.15 - 0.4 * x) : lit([214, 206, 196], 1.1 - 0.45 * x)
  })
