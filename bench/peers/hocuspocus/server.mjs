/** `@hocuspocus/server` with its SQLite extension, everything else at its default: PORT and the folder DATA from the environment. */
import { Server } from '@hocuspocus/server'
import { SQLite } from '@hocuspocus/extension-sqlite'

const server = new Server({
  port: Number(process.env.PORT),
  address: '127.0.0.1',
  quiet: true,
  extensions: [new SQLite({ database: `${process.env.DATA}/hocuspocus.sqlite` })],
})
await server.listen()
