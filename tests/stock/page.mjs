// The page's own provider without a browser, driven by lines on standard input; answers each with one line.
// Usage: node page.mjs host:port board
import { createInterface } from 'node:readline'
import { createRequire } from 'node:module'
import { fileURLToPath, pathToFileURL } from 'node:url'

const web = fileURLToPath(new URL('../../node/web/', import.meta.url))
const { runnerImport } = await import(pathToFileURL(createRequire(web).resolve('vite')))
const { module } = await runnerImport('./test/page-client.ts', { root: web, configFile: false, logLevel: 'error' })
const [address, board] = process.argv.slice(2)
const page = module.openPage(address, board)

const commands = {
  draw: (id, x) => (page.draw(id, Number(x)), 'ok'),
  erase: (id) => (page.erase(id), 'ok'),
  unsaved: () => String(page.unsaved()),
  phase: () => page.phase(),
  node: () => page.node(),
  json: () => JSON.stringify(page.elements()),
}

for await (const line of createInterface({ input: process.stdin })) {
  const [name, ...args] = line.split(' ')
  if (name === 'quit') break
  console.log(commands[name](...args))
}
page.close()
process.exit(0)
