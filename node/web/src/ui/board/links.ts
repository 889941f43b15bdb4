/** Links in texts: a click with Ctrl opens one in a tab of its own, which knows nothing of this page. */
import { linkUnder } from '../../core/elements/links'
import type { Editor } from '../../core/editor-api'
import { isLink } from '../../core/text/runs'

export function openLink(link: string): void {
  if (isLink(link)) window.open(link, '_blank', 'noopener,noreferrer')
}

export function attachLinks(host: HTMLElement, editor: Editor): () => void {
  const onClick = (event: MouseEvent) => {
    if (!(event.ctrlKey || event.metaKey) || event.button !== 0) return
    const { left, top } = host.getBoundingClientRect()
    const link = linkUnder(editor, editor.toWorld({ x: event.clientX - left, y: event.clientY - top }))
    if (link !== null) openLink(link)
  }
  host.addEventListener('click', onClick)
  return () => host.removeEventListener('click', onClick)
}
