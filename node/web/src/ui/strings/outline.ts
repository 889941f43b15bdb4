/** The board as a list, for reading and for screen readers. */
export const outlineWords = {
  outline: {
    title: 'Outline',
    loading: 'The outline is being fetched…',
    list: 'Everything on the board, as one reads',
    empty: 'Nothing is on this board yet.',
    more: (n: number) => `Show ${n} more`,
    text: 'Text',
    image: 'Picture',
    group: 'Group',
    unknown: 'Something made by a newer version',
    connector: (from: string, to: string) => `Connector from ${from} to ${to}`,
    nothing: 'nothing',
    named: (kind: string, words: string) => (words === '' ? kind : `${kind}: ${words}`),
    at: (n: number, all: number, what: string) => `${what}. ${n} of ${all}`,
  },
}
