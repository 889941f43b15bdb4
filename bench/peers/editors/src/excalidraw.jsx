import { convertToExcalidrawElements, Excalidraw } from '@excalidraw/excalidraw'
import '@excalidraw/excalidraw/index.css'
import { createElement } from 'react'
import { createRoot } from 'react-dom/client'
import { cells, wave } from './cells.js'

window.EXCALIDRAW_ASSET_PATH = '/'
const COLORS = ['#ffc9c9', '#ffd8a8', '#ffec99', '#b2f2bb', '#96f2d7', '#a5d8ff', '#d0bfff', '#fcc2d7', '#e9ecef', '#eaddd7']

function board(count) {
  const label = (text, fontSize = 12) => ({ label: { text, fontSize } })
  const made = convertToExcalidrawElements(
    cells(count).map(({ at, kind, x, y }) => {
      const own = { id: `m${at}`, x, y, roughness: 0, backgroundColor: COLORS[at % 10], fillStyle: 'solid' }
      switch (kind) {
        case 'note':
          return { ...own, type: 'rectangle', width: 90, height: 90, ...label(`Note ${at}: remember this`) }
        case 'text':
          return { ...own, type: 'text', y: y + 30, text: `Words, ${at}`, fontSize: 16 }
        case 'pen':
          // Made a stroke below: the converter knows none.
          return { ...own, type: 'line', width: 95, height: 70, points: wave(95, 70), backgroundColor: 'transparent' }
        case 'line':
          return { ...own, type: 'arrow', width: 95, height: 80, points: [[0, 0], [95, 80]], backgroundColor: 'transparent' }
        case 'ellipse':
          return { ...own, type: 'ellipse', width: 95, height: 70, ...label(`Round ${at}`) }
        case 'diamond':
          return { ...own, type: 'diamond', width: 95, height: 85, backgroundColor: 'transparent', ...label(`${at}?`) }
        default:
          return { ...own, type: 'rectangle', width: 95, height: 70, ...label(`Step ${at}`) }
      }
    }),
    { regenerateIds: false },
  )
  return made.map((one) => (one.type === 'line' ? { ...one, type: 'freedraw', pressures: one.points.map(() => 0.5), simulatePressure: false } : one))
}

async function ready(api) {
  // Its own start would empty the board again, and a text measured in another font is cut off.
  while (api.getAppState().isLoading) await new Promise((resolve) => requestAnimationFrame(resolve))
  await document.fonts.load('16px Excalifont')
  if (window.board !== undefined) return
  window.board = {
    put(count) {
      api.updateScene({ elements: board(count), appState: { currentItemRoughness: 0 } })
      window.board.lookAt(70, 90, 1)
    },
    // A label is an element of its own.
    count: () => api.getSceneElements().filter((one) => one.containerId == null).length,
    camera() {
      const { scrollX, scrollY, zoom } = api.getAppState()
      return [scrollX, scrollY, zoom.value]
    },
    selected: () => api.getSceneElements().filter((one) => one.containerId == null && api.getAppState().selectedElementIds[one.id]).length,
    /** The board's origin to that place on the screen. */
    lookAt(x, y, zoom) {
      api.updateScene({ appState: { zoom: { value: zoom }, scrollX: x / zoom, scrollY: y / zoom } })
    },
  }
}

createRoot(document.getElementById('root')).render(createElement(Excalidraw, { excalidrawAPI: ready, handleKeyboardGlobally: true }))
