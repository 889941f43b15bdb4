/** The least that a page can do for a pen and a wheel: what no editor can be better than on this machine. */

const PAGE = `<!doctype html><style>body { margin: 0 } canvas { display: block }</style>
<canvas width="1280" height="800"></canvas>
<script>
  const ctx = document.querySelector('canvas').getContext('2d')
  let points = []
  let turned = [0, 0]
  let frame = 0
  const paint = () => {
    frame = 0
    ctx.drawImage(ctx.canvas, ...turned)
    turned = [0, 0]
    ctx.beginPath()
    for (const [x, y] of points) ctx.lineTo(x, y)
    ctx.stroke()
    points = points.slice(-1)
  }
  addEventListener('pointermove', (event) => {
    points.push([event.clientX, event.clientY])
    frame ||= requestAnimationFrame(paint)
  })
  addEventListener('wheel', (event) => {
    event.preventDefault()
    turned = [turned[0] - event.deltaX, turned[1] - event.deltaY]
    frame ||= requestAnimationFrame(paint)
  }, { passive: false })
</script>`

/** As `measure.mjs` handles any editor; it can be drawn on and moved, and nothing else. */
export const bareCanvas = {
  name: 'bare canvas',
  keys: { pen: 'p' },
  async open(context) {
    const page = await context.newPage()
    await page.setContent(PAGE)
    return { page }
  },
  async start() {},
  async restore() {},
}
