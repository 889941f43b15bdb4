/** How elements of ours travel in HTML, for browsers that drop what they do not know. */

/** An attribute that holds them as JSON. */
export const EMBEDDED = 'data-easel-elements'

/** Text as HTML holds it, in an element or in an attribute. */
export function escapedHtml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
}
