/** Server-sent events out of the pieces of text that they come in. Nothing here knows what they mean. */

export interface StreamEvent {
  readonly id: string
  readonly kind: string
  readonly data: string
}

export interface EventReader {
  /** The events that this piece completes. */
  read(text: string): StreamEvent[]
}

export function createEventReader(): EventReader {
  let rest: string[] = []
  return {
    read(text) {
      // Most pieces end with an event. A long event comes in many pieces, which are not searched twice.
      if (!text.includes('\n')) {
        rest.push(text)
        return []
      }
      const blocks = [...rest, text].join('').split('\n\n')
      const last = blocks.pop() ?? ''
      rest = last === '' ? [] : [last]
      return blocks.map(readBlock)
    },
  }
}

function readBlock(block: string): StreamEvent {
  const event = { id: '', kind: 'message', data: '' }
  for (const line of block.split('\n')) {
    const colon = line.indexOf(':')
    const value = line.slice(colon + 1).replace(/^ /, '')
    if (line.startsWith('id:')) event.id = value
    else if (line.startsWith('event:')) event.kind = value
    else if (line.startsWith('data:')) event.data = event.data === '' ? value : `${event.data}\n${value}`
  }
  return event
}
