/** `@y/websocket-server` as its README has it, with y-leveldb: PORT and the folder DATA from the environment. */
import http from 'node:http'
import WebSocket from 'ws'
import * as Y from 'yjs'
import { LeveldbPersistence } from 'y-leveldb'
import { setPersistence, setupWSConnection } from '@y/websocket-server/utils'

const store = new LeveldbPersistence(`${process.env.DATA}/leveldb`)
setPersistence({
  provider: store,
  bindState: async (name, doc) => {
    const stored = await store.getYDoc(name)
    store.storeUpdate(name, Y.encodeStateAsUpdate(doc))
    Y.applyUpdate(doc, Y.encodeStateAsUpdate(stored))
    doc.on('update', (update) => store.storeUpdate(name, update))
  },
  writeState: async () => {},
})

const sockets = new WebSocket.Server({ noServer: true })
sockets.on('connection', setupWSConnection)
const server = http.createServer((_, answer) => answer.end('okay'))
server.on('upgrade', (request, socket, head) => {
  sockets.handleUpgrade(request, socket, head, (one) => sockets.emit('connection', one, request))
})
server.listen(Number(process.env.PORT), '127.0.0.1')
