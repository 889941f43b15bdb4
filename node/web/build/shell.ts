/**
 * Builds the service worker: `src/shell/worker.ts` as `/sw.js`, told which files there are.
 *
 * The list is put in after bundling, when the hashed names are known. Its hash over all contents
 * changes with any file, so the browser sees another worker exactly when there is another app.
 */

import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Plugin } from 'vite'

const PLACEHOLDER = 'SHELL'
/** Nothing on a page asks for these. */
const NOT_KEPT = /^licences\//

export function shell(): Plugin {
  let root = ''
  let publicDir = ''
  return {
    name: 'easel-shell',
    apply: 'build',
    // After Vite's own plugins, which add files to the bundle.
    enforce: 'post',
    configResolved(config) {
      root = config.root
      publicDir = config.publicDir
    },
    buildStart() {
      this.emitFile({ type: 'chunk', id: join(root, 'src/shell/worker.ts'), fileName: 'sw.js' })
    },
    generateBundle: {
      order: 'post',
      handler(_, bundle) {
        const worker = bundle['sw.js']
        if (worker?.type !== 'chunk') throw new Error('the service worker is not in the bundle')
        if (worker.imports.length > 0)
          throw new Error(`the service worker imports ${worker.imports.join(', ')}`)
        const hash = createHash('sha256')
        const files: string[] = []
        const add = (path: string, content: string | Uint8Array) => {
          files.push(path)
          hash.update(path).update(content)
        }
        for (const name of Object.keys(bundle).toSorted()) {
          const file = bundle[name]
          if (file === undefined || file === worker) continue
          // The page itself is kept under the address it is asked for by.
          add(name === 'index.html' ? '/' : `/${name}`, file.type === 'chunk' ? file.code : file.source)
        }
        for (const name of publicFiles(publicDir)) {
          if (!NOT_KEPT.test(name)) add(`/${name}`, readFileSync(join(publicDir, name)))
        }
        const told = JSON.stringify({ version: hash.digest('hex').slice(0, 16), files })
        // Every use reads the one constant, so that the list is there once.
        const body = worker.code
        if (!body.includes(PLACEHOLDER)) throw new Error('the service worker does not ask for its files')
        worker.code = `const ${PLACEHOLDER}=${told};${body}`
      },
    },
  }
}

function publicFiles(dir: string): readonly string[] {
  if (!existsSync(dir)) return []
  return readdirSync(dir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(dir.length + 1))
    .toSorted()
}
