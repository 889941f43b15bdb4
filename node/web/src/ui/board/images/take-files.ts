/** Files from a picker, a drop or the clipboard become pictures, and what cannot is told. */
import type { Point } from '../../../core/geometry/box'
import { showToast } from '../../parts/toasts'
import { strings } from '../../strings'
import { PICTURES_MAX, type Uploads } from './uploads'

export async function takeFiles(uploads: Uploads, files: readonly File[], at?: Point): Promise<void> {
  if (files.length === 0) return
  if (files.length > PICTURES_MAX) showToast({ text: strings.images.tooMany(PICTURES_MAX) })
  const refused = await uploads.addFiles(files, at)
  const [first] = refused
  if (first) showToast({ text: `${first.name}: ${strings.images.unreadable}` })
}
