import { getAssetUrlsByImport } from '@tldraw/assets/imports.vite'
import { createElement } from 'react'
import { createRoot } from 'react-dom/client'
import { b64Vecs, createShapeId, Tldraw, toRichText } from 'tldraw'
import 'tldraw/tldraw.css'
import { cells, wave } from './cells.js'

const COLORS = ['red', 'orange', 'yellow', 'green', 'light-green', 'blue', 'violet', 'light-red', 'grey', 'black']

function shapeAt({ at, kind, x, y }) {
  const color = COLORS[at % 10]
  const own = { id: createShapeId(`m${at}`), x, y }
  const geo = (shape, text, h, fill) => ({
    ...own,
    type: 'geo',
    props: { geo: shape, w: 95, h, color, fill, dash: 'solid', size: 's', richText: toRichText(text) },
  })
  switch (kind) {
    case 'note':
      // A note is 200 wide; this is the size of ours.
      return { ...own, type: 'note', props: { color, size: 's', scale: 0.45, richText: toRichText(`Note ${at}: remember this`) } }
    case 'text':
      return { ...own, type: 'text', y: y + 30, props: { size: 's', richText: toRichText(`Words, ${at}`) } }
    case 'pen':
      return {
        ...own,
        type: 'draw',
        props: { color, dash: 'draw', size: 's', isComplete: true, segments: [segment(wave(95, 70))] },
      }
    case 'line':
      return { ...own, type: 'arrow', props: { size: 's', dash: 'solid', start: { x: 0, y: 0 }, end: { x: 95, y: 80 } } }
    case 'ellipse':
      return geo('ellipse', `Round ${at}`, 70, 'solid')
    case 'diamond':
      return geo('diamond', `${at}?`, 85, 'none')
    default:
      return geo('rectangle', `Step ${at}`, 70, 'solid')
  }
}

function segment(points) {
  return { type: 'free', path: b64Vecs.encodePoints(points.map(([x, y]) => ({ x, y, z: 0.5 }))) }
}

function ready(editor) {
  window.board = {
    put(count) {
      editor.run(() => editor.createShapes(cells(count).map(shapeAt)), { history: 'ignore' })
      editor.setCamera({ x: 60, y: 60, z: 1 })
    },
    count: () => editor.getCurrentPageShapeIds().size,
    camera() {
      const { x, y, z } = editor.getCamera()
      return [x, y, z]
    },
    selected: () => editor.getSelectedShapeIds().length,
    /** The board's origin to that place on the screen. */
    lookAt(x, y, zoom) {
      editor.setCamera({ x: x / zoom, y: y / zoom, z: zoom })
    },
  }
}

createRoot(document.getElementById('root')).render(
  createElement(Tldraw, { onMount: ready, options: { maxShapesPerPage: 50_000 }, assetUrls: getAssetUrlsByImport() }),
)
