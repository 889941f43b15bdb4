/** Easel as `measure.mjs` handles any editor. */
import { boundsOf } from './board.mjs'
import { turnTo } from './handling.mjs'
import { open, overview } from './pages.mjs'

const data = (page, name) => page.evaluate((name) => Number(document.querySelector('[data-testid=canvas]').dataset[name]), name)

export function easel(node) {
  const editor = {
    name: 'easel',
    keys: { select: 'v', pen: 'p' },
    open: (context, board) => open(context, `${node.url}/b/${board.id}`, board.count),
    overview,
    zoomOf: (page) => data(page, 'zoom'),
    selectedIn: (page) => data(page, 'selected'),
    start: (page) => page.keyboard.press('Control+Digit0'),
    /** The board's origin to that place, at that zoom. What is fitted into view stands in its middle. */
    async toCorner(page, corner, zoom, { count }) {
      await overview(page)
      const [w, h] = boundsOf(count)
      const fitted = await editor.zoomOf(page)
      const { width, height } = page.viewportSize()
      const origin = { x: width / 2 - (w / 2) * fitted, y: height / 2 - (h / 2) * fitted }
      await page.mouse.move(origin.x, origin.y)
      await turnTo(page, editor, zoom, origin, 0.01)
      await page.mouse.wheel(origin.x - corner.x, origin.y - corner.y)
    },
    /** A new note with the caret in it. */
    async write(page) {
      await page.keyboard.press('s')
      await page.mouse.click(640, 400)
      await page.getByTestId('text-editor').waitFor()
    },
    /** Takes back what was done and waits until that is saved: the next run finds the board as it was. */
    async restore(page, { count }) {
      await page.keyboard.press('Escape')
      await page.keyboard.press('Escape')
      for (let n = 0; n < 400 && (await data(page, 'elements')) !== count; n += 1) await page.keyboard.press('Control+z')
      await page.waitForFunction(
        (count) =>
          document.querySelector(`[data-testid=canvas][data-elements="${count}"]`) !== null &&
          document.querySelector('[data-testid=status][data-phase=saved]') !== null,
        count,
      )
    },
  }
  return editor
}
