// An unmodified y-websocket client, driven by lines on standard input; answers each with one line.
// Usage: node y-websocket.mjs ws://host:port/sync room
import { createInterface } from 'node:readline'
import WebSocket from 'ws'
import * as Y from 'yjs'
import { WebsocketProvider } from 'y-websocket'

const [url, room] = process.argv.slice(2)
const doc = new Y.Doc()
const provider = new WebsocketProvider(url, room, doc, { WebSocketPolyfill: WebSocket })
let drops = 0
provider.on('connection-close', () => (drops += 1))
const map = doc.getMap('root')
const elements = doc.getMap('elements')

const until = (holds, emitter, event) =>
  new Promise((resolve) => {
    const check = () => {
      if (!holds()) return
      emitter.off(event, check)
      resolve()
    }
    emitter.on(event, check)
    check()
  })

const commands = {
  synced: async () => (await until(() => provider.synced, provider, 'sync'), 'ok'),
  set: async (key, value) => (map.set(key, value), 'ok'),
  delete: async (key) => (map.delete(key), 'ok'),
  wait: async (key, value) => (await until(() => map.get(key) === value, doc, 'update'), 'ok'),
  name: async (name) => (provider.awareness.setLocalStateField('user', { name }), 'ok'),
  sees: async (name) => {
    const seen = () => [...provider.awareness.getStates().values()].some((state) => state.user?.name === name)
    await until(seen, provider.awareness, 'change')
    return 'ok'
  },
  misses: async (name) => {
    const gone = () => ![...provider.awareness.getStates().values()].some((state) => state.user?.name === name)
    await until(gone, provider.awareness, 'change')
    return 'ok'
  },
  draw: async (id, x) => {
    const members = { type: 'sticky', z: 'a0', box: [Number(x), 0, 200, 200, 0] }
    elements.set(id, new Y.Map(Object.entries(members)))
    return 'ok'
  },
  erase: async (id) => (elements.delete(id), 'ok'),
  json: async () => JSON.stringify(elements),
  drops: async () => String(drops),
  connected: async () => String(provider.wsconnected),
}

for await (const line of createInterface({ input: process.stdin })) {
  const [name, ...args] = line.split(' ')
  if (name === 'quit') break
  console.log(await commands[name](...args))
}
provider.destroy()
process.exit(0)
