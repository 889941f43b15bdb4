import { cpSync } from 'node:fs'
import { defineConfig } from 'vite'

// Excalidraw asks for its fonts below its asset path; nothing is to come from another host.
const fonts = {
  name: 'fonts',
  closeBundle: () => cpSync('node_modules/@excalidraw/excalidraw/dist/prod/fonts', 'dist/fonts', { recursive: true }),
}

export default defineConfig({
  define: { 'process.env.IS_PREACT': '"false"', 'process.env.NODE_ENV': '"production"' },
  plugins: [fonts],
  build: {
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 10_000,
    rollupOptions: { input: { excalidraw: 'excalidraw.html', tldraw: 'tldraw.html' } },
  },
})
