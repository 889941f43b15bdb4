/** A file as it is sent: what the server takes stays as it is, another picture that this browser can read is made one. */

/** The preview shown while it is on its way. */
const PREVIEW_SIDE_MAX = 1024
/** An SVG has no pixels of its own; the longer side of what is made of it. */
const SVG_SIDE = 2048
const HEAD_BYTES = 16
/** Nothing larger is read into memory. */
const FILE_BYTES_MAX = 200 << 20

export interface PreparedPicture {
  readonly file: Blob
  readonly w: number
  readonly h: number
  readonly preview: ImageBitmap
}

export class UnreadablePicture extends Error {}

/** Throws `UnreadablePicture`. */
export async function prepared(file: Blob): Promise<PreparedPicture> {
  if (file.size > FILE_BYTES_MAX) throw new UnreadablePicture()
  try {
    if (isSvg(file)) return await fromSvg(file)
    const whole = await createImageBitmap(file)
    const { width: w, height: h } = whole
    const taken = (await isTaken(file)) ? file : await pngOf(whole)
    return { file: taken, w, h, preview: await previewOf(whole) }
  } catch {
    throw new UnreadablePicture()
  }
}

export function isSvg(file: Blob): boolean {
  return file.type === 'image/svg+xml'
}

/** By what it holds, as the server does. */
async function isTaken(file: Blob): Promise<boolean> {
  const head = new Uint8Array(await file.slice(0, HEAD_BYTES).arrayBuffer())
  const has = (at: number, text: string) => [...text].every((char, i) => head[at + i] === char.charCodeAt(0))
  const isJpeg = head[0] === 0xff && head[1] === 0xd8 && head[2] === 0xff
  return isJpeg || has(1, 'PNG') || has(0, 'GIF8') || (has(0, 'RIFF') && has(8, 'WEBP'))
}

/**
 * In an `<img>` an SVG runs nothing and loads nothing. What comes of it is pixels, so nothing of what it says reaches the
 * server.
 */
async function fromSvg(file: Blob): Promise<PreparedPicture> {
  const address = URL.createObjectURL(file)
  try {
    const image = new Image()
    image.src = address
    await image.decode()
    const [w, h] = [image.naturalWidth || 300, image.naturalHeight || 150]
    const scale = SVG_SIDE / Math.max(w, h)
    const canvas = new OffscreenCanvas(Math.max(1, Math.round(w * scale)), Math.max(1, Math.round(h * scale)))
    canvas.getContext('2d')?.drawImage(image, 0, 0, canvas.width, canvas.height)
    const png = await canvas.convertToBlob({ type: 'image/png' })
    // As large as it says it is, however fine it was drawn.
    return { file: png, w, h, preview: await previewOf(canvas.transferToImageBitmap()) }
  } finally {
    URL.revokeObjectURL(address)
  }
}

async function pngOf(whole: ImageBitmap): Promise<Blob> {
  const canvas = new OffscreenCanvas(whole.width, whole.height)
  canvas.getContext('2d')?.drawImage(whole, 0, 0)
  return canvas.convertToBlob({ type: 'image/png' })
}

async function previewOf(whole: ImageBitmap): Promise<ImageBitmap> {
  const scale = PREVIEW_SIDE_MAX / Math.max(whole.width, whole.height)
  if (scale >= 1) return whole
  const small = await createImageBitmap(whole, {
    resizeWidth: Math.max(1, Math.round(whole.width * scale)),
    resizeHeight: Math.max(1, Math.round(whole.height * scale)),
    resizeQuality: 'medium',
  })
  whole.close()
  return small
}
