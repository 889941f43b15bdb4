/** Where one looks: the verbs that move and scale the view. */
import { bounded, fit, nextStep, pan, previousStep, toScreen, toWorld, zoomAbout } from './camera'
import type { Camera, Editor, EditorState } from './editor-api'
import type { Element } from './elements/types'
import type { Point, Rect } from './geometry/box'
import { boundsOf } from './handling'
import type { Scene } from './scene'
import type { Store } from './store'

export interface ViewingPort {
  readonly state: Store<EditorState>
  readonly scene: Scene
  selected(): readonly Element[]
  patch(next: Partial<EditorState>): void
  /** A gesture under way goes on under the new view. */
  restep(): void
}

export type Viewing = Pick<
  Editor,
  | 'zoomTo'
  | 'zoomIn'
  | 'zoomOut'
  | 'zoomToFit'
  | 'zoomToSelection'
  | 'zoomToRect'
  | 'setCamera'
  | 'lookAt'
  | 'panBy'
  | 'setViewport'
  | 'toWorld'
  | 'toScreen'
>

export function createViewing({ state, scene, selected, patch, restep }: ViewingPort): Viewing {
  const setCamera = (camera: Camera) => patch({ camera })

  function zoomTo(zoom: number, about?: Point): void {
    const { camera, viewport } = state.get()
    setCamera(zoomAbout(camera, zoom, about ?? { x: viewport.w / 2, y: viewport.h / 2 }))
    restep()
  }

  function zoomToRect(rect: Rect, zoomMost: number): void {
    setCamera(fit(rect, state.get().viewport, zoomMost))
  }

  return {
    zoomTo,
    zoomToRect,
    setCamera,
    zoomIn: () => zoomTo(nextStep(state.get().camera.zoom)),
    zoomOut: () => zoomTo(previousStep(state.get().camera.zoom)),
    zoomToFit: () => zoomToRect(scene.bounds(), 1),
    zoomToSelection() {
      const elements = selected()
      if (elements.length > 0) zoomToRect(boundsOf(elements), 2)
    },
    lookAt: (camera) => setCamera(bounded(camera)),
    panBy: (dx, dy) => setCamera(pan(state.get().camera, dx, dy)),
    setViewport(w, h) {
      const { viewport } = state.get()
      if (viewport.w !== w || viewport.h !== h) patch({ viewport: { w, h } })
    },
    toWorld: (screen) => toWorld(state.get().camera, screen),
    toScreen: (world) => toScreen(state.get().camera, world),
  }
}
