import react from '@vitejs/plugin-react'
import { defineConfig } from 'vitest/config'
import { filesOf } from './build/files.ts'
import { shell } from './build/shell.ts'
import { weight } from './build/weight.ts'

const NODE = 'http://127.0.0.1:8080'

/** The server takes writes and upgrades only from its own origin, so the development proxy speaks as it. */
const viaNode = {
  target: NODE,
  changeOrigin: true,
  headers: { origin: NODE },
}

export default defineConfig({
  plugins: [react(), shell(), weight({ 'board-page': 300_000, 'start-page': 130_000 })],
  // Below which path the app is, only the server knows: it writes that into the page, and scripts and styles name each
  // other by where they are themselves.
  experimental: {
    renderBuiltUrl: (file, { hostType }) => (hostType === 'html' ? `/${file}` : { relative: true }),
  },
  build: {
    target: 'es2023',
    outDir: 'dist',
    // The content security policy allows neither inline scripts nor data: fonts.
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    reportCompressedSize: true,
    rolldownOptions: {
      output: { codeSplitting: { groups: filesOf(import.meta.dirname) } },
    },
  },
  server: {
    proxy: {
      '/api': viaNode,
      '/sync': { ...viaNode, ws: true },
    },
  },
  test: {
    include: ['src/**/*.test.{ts,tsx}', 'test/**/*.test.ts'],
    environment: 'node',
    // A property runs hundreds of cases; how long that takes is the machine's business.
    testTimeout: 600_000,
  },
})
