/**
 * Holds what a page's first view loads to a number of bytes: the entry, the page's own chunk, and whatever either of
 * them imports at once, each gzipped as the server does. A build that is heavier fails.
 */

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import type { Plugin, Rollup } from 'vite'

/** `most`: by the name of the page's chunk. */
export function weight(most: Readonly<Record<string, number>>): Plugin {
  let boot = 0
  let minified = true
  return {
    name: 'easel-weight',
    apply: 'build',
    enforce: 'post',
    configResolved({ publicDir, build }) {
      minified = build.minify !== false
      boot = sizeOf(readFileSync(join(publicDir, 'boot.js')))
    },
    generateBundle: {
      order: 'post',
      handler(_, bundle) {
        // As it is written down for reading it is heavier, and nobody is sent that.
        if (!minified) return
        const chunks = Object.values(bundle).filter((file) => file.type === 'chunk')
        for (const [page, bytesMax] of Object.entries(most)) {
          const bytes = boot + weightOf(page, chunks)
          this.info(`${page}: ${kilobytes(bytes)} of JavaScript, gzipped, of ${kilobytes(bytesMax)}`)
          if (bytes > bytesMax) {
            this.error(
              `the first view of ${page} loads ${kilobytes(bytes)} of JavaScript, more than ${kilobytes(bytesMax)}: what it does without belongs into a lazyPart`,
            )
          }
        }
      },
    },
  }
}

function weightOf(page: string, chunks: readonly Rollup.OutputChunk[]): number {
  const roots = chunks.filter((chunk) => chunk.name === page || (chunk.isEntry && chunk.name === 'index'))
  if (roots.length !== 2) throw new Error(`there is no chunk of the name ${page}, or no entry`)
  const needed = new Set(roots)
  for (const chunk of needed) {
    for (const other of chunks) if (chunk.imports.includes(other.fileName)) needed.add(other)
  }
  return [...needed].reduce((sum, chunk) => sum + sizeOf(chunk.code), 0)
}

function sizeOf(content: string | Uint8Array): number {
  return gzipSync(content, { level: 9 }).length
}

function kilobytes(bytes: number): string {
  return `${(bytes / 1000).toFixed(1)} kB`
}
