import { lazyPart } from '../lazy-page'
import { strings } from '../strings'
import type { ShareDialogProps } from './share-dialog'

/** Asked for when somebody first shares something. */
export const LazyShareDialog = lazyPart<ShareDialogProps>(
  () => import('./share-dialog').then((module) => module.default),
  strings.share.loading,
)
