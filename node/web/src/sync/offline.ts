/**
 * The offline store: what this browser knows of each board, in IndexedDB.
 *
 * Each person has a store of their own: nobody else who uses this browser sees what is in it, or sends it.
 *
 * It holds Yjs updates in rows, in the order they came, and a mark per tab while that tab has
 * changes that no server has confirmed. Tabs of one board write side by side and never replace each
 * other's rows: a row is deleted only by a tab whose document contains it. So a tab that slept for
 * a week can add what it has and take nothing away.
 *
 * All of it is best effort: the first failure (private mode, a full disk) turns the store into one
 * that keeps nothing, and says so once.
 */

import * as Y from 'yjs'

export interface Cached {
  readonly updates: readonly Uint8Array[]
  /** Changes that were not confirmed when their tab last wrote. */
  readonly unsaved: number
}

/** A document that the server did not accept, kept for its owner. */
export interface SetAside {
  readonly id: number
  readonly board: string
  readonly at: number
  readonly code: string
  readonly reason: string
  /** One Yjs update (v1) with everything in it. */
  readonly update: Uint8Array
}

export interface OfflineBoard {
  /** To be called once, before `replaceAll`, `confirmAll` or `forget`. */
  read(): Promise<Cached>
  /** An edit of this tab: written at once and marked as unsaved. */
  addLocal(update: Uint8Array): void
  /** Something others made: written soon. */
  addRemote(update: Uint8Array): void
  /** Everything added or read so far is durable on the server. */
  confirmAll(): void
  /** How many rows `replaceAll` would put into one. */
  rows(): number
  /** `state` contains every row this tab has read or added: it takes their place. */
  replaceAll(state: Uint8Array): void
  /** Drops every row and mark that this tab has read or added. */
  forget(): void
  setAside(aside: Omit<SetAside, 'id' | 'board'>): Promise<void>
  listAside(): Promise<readonly SetAside[]>
  dropAside(id: number): Promise<void>
  /** Resolves when everything added so far is written, or was found impossible to write. */
  flush(): Promise<void>
  close(): void
}

export interface OfflineOptions {
  readonly board: string
  /** Whom it belongs to: an account or a visit; empty where there are no accounts. */
  readonly owner?: string
  /** Identifies this tab among those of the board. */
  readonly tab: string
  readonly now: () => number
  /** Nothing is kept from here on. Called at most once. */
  readonly onFailure: (failure: unknown) => void
  /** Replaced in tests; undefined where the browser has none. */
  readonly factory?: IDBFactory
}

interface Row {
  readonly board: string
  readonly update: Uint8Array
}

/** `last` is the newest row under the mark: whoever has read that row has read all of its changes. */
interface Mark {
  readonly board: string
  readonly tab: string
  readonly last: string
  readonly changes: number
}

const DB_NAME = 'easel'
const DB_VERSION = 1
/** Boards kept; beyond it the one not opened for longest goes, unless it has unconfirmed changes. */
const BOARDS_MAX = 100
/** What others draw is written this late at most. */
const REMOTE_WAIT_MS = 500
/** What others draw is put together up to here; putting a whole board together would hold up the page. */
export const MERGED_BYTES_MAX = 64 << 10

type StoreName = 'updates' | 'marks' | 'boards' | 'asides'

export function openOffline(options: OfflineOptions): OfflineBoard {
  const { board, tab, now } = options
  const { owner = '' } = options
  const factory = options.factory ?? globalThis.indexedDB
  let db: IDBDatabase | null = null
  let broken = false
  /** Work asked for before the database was open. */
  let early: (() => void)[] = []
  const running = new Set<Promise<void>>()
  let remote: Uint8Array[] = []
  let timer: ReturnType<typeof setTimeout> | null = null
  let rowsWritten = 0
  /** Keys of the rows whose content this tab's document holds. */
  let known = new Set<string>()
  /** Marks of tabs before this one, as they were when their rows were read. */
  let inherited: readonly Mark[] = []
  let mine: Mark | null = null

  const opening = connect()

  async function connect(): Promise<void> {
    try {
      if (factory === undefined) throw new Error('no IndexedDB')
      db = await openDatabase(factory, databaseOf(owner))
    } catch (failure) {
      fail(failure)
    }
    for (const work of early) work()
    early = []
  }

  function fail(failure: unknown): void {
    if (broken) return
    broken = true
    options.onFailure(failure)
  }

  /**
   * Begins a transaction at once, in the same task: a page that is being left still finishes it, and
   * those of all tabs happen in the order they began. The answer is undefined when it failed.
   */
  function transact<T>(
    stores: readonly StoreName[],
    work: (tx: IDBTransaction) => Promise<T>,
  ): Promise<T | undefined> {
    return new Promise((resolve) => {
      const begin = () => {
        if (db === null || broken) {
          resolve(undefined)
          return
        }
        const run = (async (open) => {
          try {
            const tx = open.transaction(stores, 'readwrite')
            const [result] = await Promise.all([work(tx), finished(tx)])
            resolve(result)
          } catch (failure) {
            fail(failure)
            resolve(undefined)
          }
        })(db)
        running.add(run)
        void run.finally(() => running.delete(run))
      }
      if (db === null && !broken) early.push(begin)
      else begin()
    })
  }

  /** Adds a row; the key is chosen here, so that what is known is known at once. */
  function putRow(tx: IDBTransaction, key: string, update: Uint8Array): void {
    tx.objectStore('updates').put({ board, update } satisfies Row, key)
  }

  function newKey(): string {
    rowsWritten += 1
    const key = `${board}:${tab}:${rowsWritten}`
    known.add(key)
    return key
  }

  function writeRemote(): void {
    if (timer !== null) clearTimeout(timer)
    timer = null
    if (remote.length === 0) return
    const rows = inGroups(remote).map((group) => ({ key: newKey(), update: mergeAll(group) }))
    remote = []
    void transact(['updates'], async (tx) => {
      for (const { key, update } of rows) putRow(tx, key, update)
      tx.commit()
    })
  }

  return {
    async read() {
      const found = await transact(['updates', 'marks', 'boards'], async (tx) => {
        const rows = tx.objectStore('updates').index('board')
        const [keys, values, marks] = await Promise.all([
          asked(rows.getAllKeys(board)),
          asked<Row[]>(rows.getAll(board)),
          asked<Mark[]>(tx.objectStore('marks').index('board').getAll(board)),
        ])
        await asked(tx.objectStore('boards').put({ board, opened: now() }))
        await evict(tx, board)
        return { keys: keys.map(String), values, marks }
      })
      if (found === undefined) return { updates: [], unsaved: 0 }
      known = new Set([...known, ...found.keys])
      inherited = found.marks.filter((mark) => mark.tab !== tab)
      const unsaved = inherited.reduce((sum, mark) => sum + mark.changes, 0)
      return { updates: found.values.map((row) => row.update), unsaved }
    },

    addLocal(update) {
      const key = newKey()
      const mark: Mark = { board, tab, last: key, changes: (mine?.changes ?? 0) + 1 }
      mine = mark
      void transact(['updates', 'marks'], async (tx) => {
        putRow(tx, key, update)
        tx.objectStore('marks').put(mark)
        tx.commit()
      })
    },

    addRemote(update) {
      remote.push(update)
      timer ??= setTimeout(writeRemote, REMOTE_WAIT_MS)
    },

    confirmAll() {
      if (mine === null && inherited.length === 0) return
      const seen = inherited
      mine = null
      inherited = []
      void transact(['marks'], async (tx) => {
        const marks = tx.objectStore('marks')
        marks.delete([board, tab])
        await dropSeen(marks, seen)
      })
    },

    rows: () => known.size,

    replaceAll(state) {
      // What waits is in `state` already.
      remote = []
      const old = known
      known = new Set()
      const key = newKey()
      if (mine !== null) mine = { ...mine, last: key }
      const mark = mine
      void transact(['updates', 'marks'], async (tx) => {
        putRow(tx, key, state)
        for (const one of old) tx.objectStore('updates').delete(one)
        if (mark !== null) tx.objectStore('marks').put(mark)
        tx.commit()
      })
    },

    forget() {
      const old = known
      const seen = inherited
      remote = []
      known = new Set()
      mine = null
      inherited = []
      void transact(['updates', 'marks'], async (tx) => {
        for (const key of old) tx.objectStore('updates').delete(key)
        tx.objectStore('marks').delete([board, tab])
        await dropSeen(tx.objectStore('marks'), seen)
      })
    },

    async setAside(aside) {
      await transact(['asides'], async (tx) => {
        await asked(tx.objectStore('asides').add({ board, ...aside }))
      })
    },

    async listAside() {
      const all = await transact(['asides'], (tx) =>
        asked<SetAside[]>(tx.objectStore('asides').index('board').getAll(board)),
      )
      return all ?? []
    },

    async dropAside(id) {
      await transact(['asides'], async (tx) => {
        await asked(tx.objectStore('asides').delete(id))
      })
    },

    async flush() {
      writeRemote()
      await opening
      await Promise.all(running)
    },

    close() {
      writeRemote()
      void (async () => {
        await opening
        await Promise.all(running)
        db?.close()
      })()
    },
  }
}

/** Deletes marks that are still as they were read: a tab that is alive has moved its own on. */
async function dropSeen(marks: IDBObjectStore, seen: readonly Mark[]): Promise<void> {
  for (const mark of seen) {
    const key = [mark.board, mark.tab]
    const found = await asked<Mark | undefined>(marks.get(key))
    if (found !== undefined && found.last === mark.last) await asked(marks.delete(key))
  }
}

async function evict(tx: IDBTransaction, keep: string): Promise<void> {
  const boards = tx.objectStore('boards')
  let excess = (await asked(boards.count())) - BOARDS_MAX
  if (excess <= 0) return
  for (const key of await asked(boards.index('opened').getAllKeys())) {
    const board = String(key)
    const marks = await asked(tx.objectStore('marks').index('board').count(board))
    if (board === keep || marks > 0) continue
    boards.delete(board)
    for (const row of await asked(tx.objectStore('updates').index('board').getAllKeys(board))) {
      tx.objectStore('updates').delete(row)
    }
    excess -= 1
    if (excess === 0) return
  }
}

export interface Marked {
  readonly board: string
  /** Everything that is kept of it, if some of that was never confirmed. */
  readonly rows: readonly Uint8Array[]
  readonly asides: readonly SetAside[]
}

/** The boards of a person of which something here is nowhere else. */
export async function readAllMarked(owner: string, factory: IDBFactory): Promise<readonly Marked[]> {
  const db = await openDatabase(factory, databaseOf(owner))
  try {
    const tx = db.transaction(['updates', 'marks', 'asides'], 'readonly')
    const [marks, asides] = await Promise.all([
      asked<Mark[]>(tx.objectStore('marks').getAll()),
      asked<SetAside[]>(tx.objectStore('asides').getAll()),
    ])
    const marked = new Set(marks.map((mark) => mark.board))
    const boards = new Set([...marked, ...asides.map((aside) => aside.board)])
    const read = async (board: string): Promise<Marked> => {
      const rows = marked.has(board)
        ? await asked<Row[]>(tx.objectStore('updates').index('board').getAll(board))
        : []
      return {
        board,
        rows: rows.map((row) => row.update),
        asides: asides.filter((aside) => aside.board === board),
      }
    }
    return await Promise.all([...boards].map(read))
  } finally {
    db.close()
  }
}

/** What was kept before there were accounts stays where it was. */
export function databaseOf(owner: string): string {
  return owner === '' ? DB_NAME : `${DB_NAME}.${owner}`
}

function openDatabase(factory: IDBFactory, name: string): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = factory.open(name, DB_VERSION)
    request.addEventListener('upgradeneeded', () => {
      const db = request.result
      db.createObjectStore('updates').createIndex('board', 'board')
      db.createObjectStore('marks', { keyPath: ['board', 'tab'] }).createIndex('board', 'board')
      db.createObjectStore('boards', { keyPath: 'board' }).createIndex('opened', 'opened')
      db.createObjectStore('asides', { keyPath: 'id', autoIncrement: true }).createIndex('board', 'board')
    })
    request.addEventListener('success', () => {
      // A newer version of the client in another tab may change the layout; this one then keeps no more.
      request.result.addEventListener('versionchange', () => request.result.close())
      resolve(request.result)
    })
    request.addEventListener('error', () => reject(request.error ?? new Error('IndexedDB did not open')))
    request.addEventListener('blocked', () => reject(new Error('an older tab holds the offline store')))
  })
}

function asked<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.addEventListener('success', () => resolve(request.result))
    request.addEventListener('error', () => reject(request.error ?? new Error('IndexedDB request failed')))
  })
}

function finished(tx: IDBTransaction): Promise<void> {
  return new Promise((resolve, reject) => {
    tx.addEventListener('complete', () => resolve())
    tx.addEventListener('abort', () => reject(tx.error ?? new Error('IndexedDB transaction aborted')))
  })
}

/** In their order; one that is too large for any group stands alone. */
function inGroups(updates: readonly Uint8Array[]): Uint8Array[][] {
  const groups: Uint8Array[][] = []
  let room = 0
  for (const update of updates) {
    const last = groups.at(-1)
    if (last !== undefined && update.length <= room) last.push(update)
    else {
      groups.push([update])
      room = MERGED_BYTES_MAX
    }
    room -= update.length
  }
  return groups
}

function mergeAll(updates: readonly Uint8Array[]): Uint8Array {
  const [first, ...others] = updates
  return first !== undefined && others.length === 0 ? first : Y.mergeUpdates([...updates])
}
