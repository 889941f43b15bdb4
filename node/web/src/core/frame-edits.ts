/** What is done to groups and frames, each in one transaction. */
import type { Editor } from './editor-api'
import type { EditDesk } from './edits'
import type { ElementId, FrameElement } from './elements/types'
import { FRAME_SIZES, presentingOrder, reorder, type FrameSize } from './frames'
import { groupIntents, ungroupIntents } from './grouping'
import type { Intent } from './ports'

export type FrameEdits = Pick<
  Editor,
  | 'setFrameSize'
  | 'group'
  | 'ungroup'
  | 'selectInside'
  | 'removeFramesOnly'
  | 'renameFrame'
  | 'frames'
  | 'reorderFrame'
>

export function createFrameEdits(desk: EditDesk & { setFrameSize(size: FrameSize): void }): FrameEdits {
  const { state, scene, commit, select } = desk

  function frames(): FrameElement[] {
    return presentingOrder(
      scene.frames().flatMap(({ element }) => (element.type === 'frame' ? [element] : [])),
    )
  }

  function selectedFrames(): ElementId[] {
    return state.get().selection.filter((id) => desk.element(id)?.type === 'frame')
  }

  return {
    group() {
      const id = desk.newId()
      const intents = groupIntents(scene, state.get().selection, id)
      if (!intents) return
      commit(intents)
      select([id])
    },
    ungroup() {
      const { selection } = state.get()
      const { intents, freed } = ungroupIntents(scene, selection)
      commit(intents)
      if (intents.length > 0) select([...selection, ...freed])
    },
    selectInside() {
      const inside = selectedFrames().flatMap((id) => scene.family.childrenOf(id))
      select(inside.filter((id) => !scene.family.isLocked(id)))
    },
    removeFramesOnly() {
      const removed = selectedFrames().filter((id) => !scene.family.isLocked(id))
      const inside = removed.flatMap((id) => scene.family.childrenOf(id))
      const freed = removed.flatMap((id) =>
        scene.family.childrenOf(id).map((child): Intent => ({
          do: 'setParent',
          id: child,
          parent: scene.family.above(id).find((above) => !removed.includes(above)) ?? null,
        })),
      )
      commit([...freed, ...removed.map((id): Intent => ({ do: 'delete', id }))])
      if (removed.length > 0) select(inside)
    },
    renameFrame(id, name) {
      const frame = desk.element(id)
      if (frame?.type === 'frame' && frame.text !== name) commit([{ do: 'setText', id, text: name }])
    },
    setFrameSize(frameSize) {
      desk.setFrameSize(frameSize)
      const size = FRAME_SIZES[frameSize]
      if (!size) return
      const resized = selectedFrames().flatMap((id): Intent[] => {
        const frame = desk.element(id)
        if (!frame || scene.family.isLocked(id)) return []
        return [{ do: 'setBox', id, box: { ...frame.box, ...size } }]
      })
      commit(resized)
    },
    frames,
    reorderFrame: (id, to) => commit(reorder(frames(), id, to)),
  }
}
