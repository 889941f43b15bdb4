/**
 * A server for the tests, in the test's own process: one Yjs document behind real WebSockets,
 * speaking `easel.v1`. It stores and confirms only when told to, and can lose what was not stored.
 */

import type { AddressInfo } from 'node:net'
import type { WebSocket } from 'ws'
import { WebSocketServer } from 'ws'
import * as Y from 'yjs'
import { readMessage, writeControl, writeStepOne, writeStepTwo, writeUpdate } from './messages'

interface Seat {
  readonly socket: WebSocket
  /** Counted frames, in order; each is durable once stored. */
  frames: number
  /** What it last said of itself, for those who come later. */
  awareness: Buffer | null
}

export interface TestServer {
  readonly url: string
  /** What the disk holds. */
  readonly stored: Y.Doc
  readonly seats: () => number
  /** Frames of any seat that wait to be stored. */
  readonly waiting: () => number
  /** Connections accepted so far. */
  readonly joins: () => number
  /** Control messages of its clients, as text. */
  readonly controls: string[]
  autoSave: boolean
  hello: Record<string, unknown>
  /** Whether new connections are let in. */
  admits: boolean
  /** It reads nothing and says nothing, and its connections stay. */
  standsStill: boolean
  /** Refuse every counted frame for which this answers a reason. */
  refuse: (update: Uint8Array) => string | null
  onAwareness: (update: Uint8Array) => void
  /** Stores everything received, then tells the authors. */
  save(): void
  /** Stores everything received and tells no one. */
  saveSilently(): void
  say(message: Record<string, unknown>): void
  sayRaw(bytes: Uint8Array): void
  /** Closes every connection; what was not stored is lost. */
  drop(code?: number): void
  stop(): Promise<void>
}

export async function startTestServer(port = 0): Promise<TestServer> {
  const wss = new WebSocketServer({
    port,
    host: '127.0.0.1',
    handleProtocols: () => 'easel.v1',
    verifyClient: () => server.admits,
  })
  await new Promise((done) => wss.once('listening', done))
  const { port: bound } = wss.address() as AddressInfo
  const stored = new Y.Doc()
  let live = new Y.Doc()
  let waiting: { seat: Seat; update: Uint8Array }[] = []
  const seats = new Set<Seat>()
  const durable = new Map<Seat, number>()
  let joins = 0

  function store(): void {
    for (const { seat, update } of waiting) {
      Y.applyUpdate(stored, update)
      durable.set(seat, (durable.get(seat) ?? 0) + 1)
    }
    waiting = []
  }

  function tellSaved(): void {
    for (const seat of seats) {
      const frames = durable.get(seat) ?? 0
      if (frames > 0) seat.socket.send(writeControl({ t: 'saved', frames }))
    }
  }

  function take(seat: Seat, update: Uint8Array): void {
    const reason = server.refuse(update)
    if (reason !== null) {
      seat.socket.send(writeControl({ t: 'set_aside', code: 'gate', reason }))
      seat.socket.close(4422)
      return
    }
    seat.frames += 1
    waiting.push({ seat, update })
    Y.applyUpdate(live, update)
    for (const other of seats) if (other !== seat) other.socket.send(writeUpdate(update))
    if (server.autoSave) server.save()
  }

  wss.on('connection', (socket) => {
    joins += 1
    const seat: Seat = { socket, frames: 0, awareness: null }
    for (const { awareness } of seats) if (awareness !== null) socket.send(awareness)
    seats.add(seat)
    socket.on('close', () => seats.delete(seat))
    socket.on('message', (data: Buffer) => {
      if (server.standsStill) return
      const message = readMessage(new Uint8Array(data))
      switch (message?.is) {
        case 'step_one':
          socket.send(writeUpdate(Y.encodeStateAsUpdate(live)))
          socket.send(writeStepTwo(Y.encodeStateAsUpdate(live, message.vector)))
          break
        case 'step_two':
        case 'update':
          take(seat, message.update)
          break
        case 'awareness':
          server.onAwareness(message.update)
          seat.awareness = data
          for (const other of seats) if (other !== seat) other.socket.send(data)
          break
        case 'control':
          server.controls.push(data.toString('utf8').slice(data.toString('utf8').indexOf('{')))
          break
        default:
          break
      }
    })
    if (server.standsStill) return
    socket.send(writeControl({ t: 'hello', ...server.hello }))
    socket.send(writeStepOne(Y.encodeStateVector(live)))
  })

  const server: TestServer = {
    url: `ws://127.0.0.1:${bound}/sync/brd_test`,
    stored,
    seats: () => seats.size,
    waiting: () => waiting.length,
    joins: () => joins,
    controls: [],
    autoSave: true,
    hello: { v: 1, app: 'test', schema: 1, min_client: 1, role: 'editor' },
    admits: true,
    standsStill: false,
    refuse: () => null,
    onAwareness: () => {},
    save() {
      store()
      tellSaved()
    },
    saveSilently: store,
    say(message) {
      for (const { socket } of seats) socket.send(writeControl(message))
    },
    sayRaw(bytes) {
      for (const { socket } of seats) socket.send(bytes)
    },
    drop(code) {
      waiting = []
      live = new Y.Doc()
      Y.applyUpdate(live, Y.encodeStateAsUpdate(stored))
      for (const { socket } of seats)
        if (code === undefined) socket.terminate()
        else socket.close(code)
      seats.clear()
    },
    async stop() {
      server.drop()
      await new Promise((done) => wss.close(done))
    },
  }
  return server
}
