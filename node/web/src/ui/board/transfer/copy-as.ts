/** The selection, or the whole board, as a picture on the clipboard. */
import { getAsset } from '../../../api/assets'
import type { Editor } from '../../../core/editor-api'
import { pictured, type Pictured } from '../../../core/exchange/scope'
import { svgOf } from '../../../core/exchange/svg'
import type { Theme } from '../../../core/schema.gen'
import { pngOf } from '../../../render/export'
import type { Pictures } from '../../../render/pictures'
import { showToast } from '../../parts/toasts'
import { strings } from '../../strings'

const PADDING = 16
const SCALE = 2
/** All pictures in one SVG together. */
const FILE_BYTES_MAX = 24 << 20
const PATIENCE_MS = 60_000

export interface CopyDesk {
  readonly board: string
  readonly editor: Editor
  readonly pictures: Pictures
  readonly theme: Theme
}

export async function copyAs(kind: 'png' | 'svg', desk: CopyDesk): Promise<void> {
  const { editor, pictures, theme } = desk
  const drawn = pictured(editor.scene.order(), editor.state.get().selection)
  const words = strings.transfer
  const look = { theme, padding: PADDING }
  const made = kind === 'png' ? pngOf(drawn, pictures, { ...look, scale: SCALE }) : svgFile(desk, drawn, look)
  try {
    await put(kind, made)
    showToast({ text: kind === 'png' ? words.copiedPng : words.copiedSvg })
  } catch {
    const file = await made.catch(() => null)
    if (file === null) return showToast({ text: words.nothing })
    // Pages that did not come by HTTPS may not write to the clipboard, and some browsers ask first.
    save(file, `${words.fileName}.${kind}`)
    showToast({ text: words.saved })
  }
}

/** With the content still to come: the browser lets only what began with a key or a click write. */
async function put(kind: 'png' | 'svg', made: Promise<Blob | null>): Promise<void> {
  const file = made.then((blob) => blob ?? Promise.reject(new Error('nothing')))
  if (kind === 'png') return navigator.clipboard.write([new ClipboardItem({ 'image/png': file })])
  const text = file.then((blob) => blob.slice(0, blob.size, 'text/plain'))
  const forms: Record<string, Promise<Blob>> = { 'text/plain': text }
  if (ClipboardItem.supports?.('image/svg+xml')) forms['image/svg+xml'] = file
  return navigator.clipboard.write([new ClipboardItem(forms)])
}

async function svgFile(
  { board }: CopyDesk,
  drawn: readonly Pictured[],
  look: { readonly theme: Theme; readonly padding: number },
): Promise<Blob | null> {
  const files = new Map<string, string>()
  let left = FILE_BYTES_MAX
  const signal = AbortSignal.timeout(PATIENCE_MS)
  for (const { element: e } of drawn) {
    if (e.type !== 'image' || files.has(e.picture.asset)) continue
    const file = await getAsset(board, e.picture.asset, 'web', signal).catch(() => null)
    if (file === null || file.size > left) continue
    left -= file.size
    files.set(e.picture.asset, await dataUrlOf(file))
  }
  const svg = svgOf(drawn, { ...look, files })
  return svg === '' ? null : new Blob([svg], { type: 'image/svg+xml' })
}

function dataUrlOf(file: Blob): Promise<string> {
  return new Promise((resolve, reject) => {
    const reader = new FileReader()
    reader.addEventListener('load', () => resolve(String(reader.result)))
    reader.addEventListener('error', () => reject(reader.error))
    reader.readAsDataURL(file)
  })
}

function save(file: Blob, name: string): void {
  const address = URL.createObjectURL(file)
  const link = document.createElement('a')
  link.href = address
  link.download = name
  link.click()
  setTimeout(() => URL.revokeObjectURL(address), 10_000)
}
