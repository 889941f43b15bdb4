/** What other programs put on the clipboard, and what somebody might put there on purpose. */
import { describe, expect, it } from 'vitest'
import * as Y from 'yjs'
import { parseClipboard } from '../src/core/clipboard'
import { unpackInk } from '../src/core/elements/ink'
import { bytesFromBase64 } from '../src/core/base64'
import type { ClipboardPayload } from '../src/core/editor-api'
import { readExcalidraw } from '../src/core/exchange/excalidraw'
import { gridOfTsv, notesOfGrid } from '../src/core/exchange/grid'
import { pictured } from '../src/core/exchange/scope'
import { svgOf } from '../src/core/exchange/svg'
import { payloadBounds } from '../src/core/copies'
import { desk } from './desk'
import { EMBEDDED, escapedHtml } from '../src/core/exchange/embedded'
import { embeddedIn, isWebAddress, linkOf, tableOf } from '../src/core/exchange/html'
import { richFromHtml } from '../src/core/writing/html'

const told = (payload: ClipboardPayload | null) =>
  payload?.elements.map(({ box, snapshot: { keys } }) => {
    const { box: _, ...rest } = keys
    return { box, ...rest } as { readonly box: readonly number[]; readonly [key: string]: unknown }
  })
const said = (text: string) => ({ $text: [{ insert: text }] })

describe('cells', () => {
  it.each([
    [
      'a\tb\nc\td',
      [
        ['a', 'b'],
        ['c', 'd'],
      ],
    ],
    [
      'a\tb\r\nc\td\r\n',
      [
        ['a', 'b'],
        ['c', 'd'],
      ],
    ],
    [
      '"two\nlines"\t"a ""word"""\nc\td',
      [
        ['two\nlines', 'a "word"'],
        ['c', 'd'],
      ],
    ],
    ['"no" cell\tb', [['"no" cell', 'b']]],
    [
      'a\t\n\tb',
      [
        ['a', ''],
        ['', 'b'],
      ],
    ],
    ['one column\nof lines', null],
    ['function\n\tindented()', null],
    ['', null],
    [`"${'x'.repeat(30_000)}\ty`, [[`"${'x'.repeat(30_000)}`, 'y']]],
    ['"\t"'.repeat(50_000), null],
    ['a\tb\n'.repeat(50_000), null],
  ])('%#', (text, grid) => {
    expect(gridOfTsv(text)).toEqual(grid)
  })

  it('become notes in their places, unless they are too many or say nothing', () => {
    expect(
      told(
        notesOfGrid([
          ['a', ''],
          ['', 'b'],
        ]),
      ),
    ).toEqual([
      { box: [0, 0, 200, 200, 0], type: 'sticky', text: said('a') },
      { box: [220, 220, 200, 200, 0], type: 'sticky', text: said('b') },
    ])
    expect(notesOfGrid([['only one', '']])).toBe(null)
    expect(notesOfGrid(Array.from({ length: 300 }, (_, i) => [`${i}`]))).toBe(null)
  })
})

describe('HTML', () => {
  it.each([
    [
      '<table><tr><td>a<td>b</tr><tr><th>c &amp; d</th><td>e<br>f</td></tr></table>',
      [
        ['a', 'b'],
        ['c & d', 'e\nf'],
      ],
    ],
    [
      '<style>td{}</style><table><tbody><tr><td style="x>y">a</td></tr></tbody></table><table><tr><td>z',
      [['a']],
    ],
    ['<table><tr><td><script>alert(1)</script><b>a</b> <i>b</i></td></tr>', [['a b']]],
    ['<p>no table</p>', null],
    ['<table>', null],
    [`<table>${'<tr>'.repeat(5_000)}<td>late`, [...Array.from({ length: 999 }, () => []), ['late']]],
  ])('tables %#', (html, table) => {
    expect(tableOf(html)).toEqual(table)
  })

  it('is read in a time that grows with its length, whatever it is', () => {
    for (const piece of ['<', '<td ', '<td a="', '<!--', '&#1', '<a href=', '<table><tr><td>']) {
      const begun = performance.now()
      tableOf(`<table>${piece.repeat(20_000)}`)
      linkOf(piece.repeat(20_000))
      embeddedIn(`${EMBEDDED}${piece.repeat(20_000)}`)
      expect(performance.now() - begun).toBeLessThan(60_000)
    }
  })

  it.each([
    [
      '<a href="https://example.com/x">Example  page</a>',
      { url: 'https://example.com/x', text: 'Example page' },
    ],
    [
      '<meta charset="utf-8"><a href=https://example.com/></a>',
      { url: 'https://example.com/', text: 'https://example.com/' },
    ],
    ['<a href="javascript:alert(1)">x</a>', null],
    ['<a href="https://a.example">x</a> and more', null],
    ['<a href="https://a.example">x</a><a href="https://b.example">y</a>', null],
    ['<a href="https://a.example"><img src="x"></a>', null],
    ['', null],
  ])('links %#', (html, link) => {
    expect(linkOf(html)).toEqual(link)
  })

  it('carries elements of ours', () => {
    const json = '{"a":"<b> & \\"c\\""}'
    expect(embeddedIn(`<html><body><div ${EMBEDDED}="${escapedHtml(json)}">words</div>`)).toBe(json)
    expect(embeddedIn(`<div title='${EMBEDDED}'>`)).toBe(null)
  })

  it.each([
    ['https://example.com', true],
    ['http://10.0.0.1:8080/a?b#c', true],
    ['https://', false],
    ['javascript:alert(1)', false],
    ['https://example.com and', false],
    [`https://example.com/${'x'.repeat(3_000)}`, false],
  ])('%s is an address: %s', (text, is) => {
    expect(isWebAddress(text)).toBe(is)
  })
})

describe('elements of ours', () => {
  const asset = `ast_${'0'.repeat(26)}`
  const one = { id: 'a', box: [0, 0, 1, 1, 0], snapshot: { keys: { type: 'shape' } } }
  const payload = (more: object) =>
    JSON.stringify({ format: 'easel/elements', version: 1, elements: [one], ...more })

  it('bring the files of their pictures, and nothing else under that name', () => {
    const file = 'data:image/webp;base64,AAAA'
    const board = `brd_${'1'.repeat(26)}`
    expect(parseClipboard(payload({ board, files: { [asset]: file } }))).toMatchObject({
      board,
      files: { [asset]: file },
    })
    for (const files of [
      { other: file },
      { [asset]: 'https://example.com/x' },
      { [asset]: 7 },
      [],
      null,
      'x',
    ]) {
      expect(parseClipboard(payload({ board: '../x', files }))).not.toHaveProperty('files')
    }
    expect(parseClipboard(payload({ board: '../../x' }))).not.toHaveProperty('board')
  })
})

describe('Excalidraw', () => {
  const base = { x: 10, y: 20, width: 100, height: 50, angle: 0 }
  const scene = (elements: unknown, more: object = {}) =>
    JSON.stringify({ type: 'excalidraw/clipboard', elements, ...more })
  const read = (elements: unknown, more: object = {}) => readExcalidraw(scene(elements, more))

  it('shapes keep their look and take their words in', () => {
    const result = read([
      {
        ...base,
        id: 'r',
        type: 'rectangle',
        roundness: { type: 3 },
        backgroundColor: '#ffc9c9',
        strokeColor: '#1e1e1e',
        strokeWidth: 4,
        strokeStyle: 'dashed',
        opacity: 50,
        locked: true,
      },
      {
        ...base,
        id: 't',
        type: 'text',
        containerId: 'r',
        text: 'wrap\nped',
        originalText: 'wrapped',
        fontSize: 28,
        textAlign: 'left',
        verticalAlign: 'top',
        strokeColor: '#f00',
      },
      { ...base, id: 'e', type: 'ellipse', backgroundColor: 'transparent', strokeColor: '#1971c2' },
      { ...base, id: 'gone', type: 'diamond', isDeleted: true },
    ])
    expect(told(result?.payload ?? null)).toEqual([
      {
        box: [10, 20, 100, 50, 0],
        type: 'shape',
        kind: 'rounded',
        fill: '#ffc9c9',
        stroke_width: 4,
        dash: 'dashed',
        opacity: 0.5,
        locked: true,
        text: said('wrapped'),
        font_size: 28,
        text_color: '#ff0000',
        align: 'left',
        valign: 'top',
      },
      {
        box: [10, 20, 100, 50, 0],
        type: 'shape',
        kind: 'ellipse',
        fill: 'none',
        stroke: '#1971c2',
        text: said(''),
      },
    ])
    expect(result?.leftOut).toBe(0)
  })

  it('arrows keep their ends, bent lines and strokes their course', () => {
    const points = [
      [0, 0],
      [50, 80],
      [100, -10],
    ]
    const result = read([
      {
        ...base,
        id: 'a',
        type: 'arrow',
        points: [
          [0, 0],
          [100, -50],
        ],
        endArrowhead: 'triangle',
        startArrowhead: null,
      },
      { ...base, id: 'l', type: 'line', points },
      { ...base, id: 'c', type: 'line', points, roundness: { type: 2 } },
      { ...base, id: 'd', type: 'arrow', points, endArrowhead: 'arrow', angle: 0.5 },
      { ...base, id: 'e', type: 'arrow', points, roundness: { type: 2 } },
      {
        ...base,
        id: 'p',
        type: 'freedraw',
        points,
        pressures: [0, 0.5, 1],
        simulatePressure: false,
        strokeWidth: 2,
      },
    ])
    const [arrow, bent, round, dart, bow, pen] = told(result?.payload ?? null) ?? []
    expect(arrow).toEqual({
      box: [10, -30, 100, 50, 0],
      type: 'line',
      data: { from: [0, 1], to: [1, 0], from_head: 'none', to_head: 'triangle' },
    })
    const corner = [0.5, 1]
    expect([bent?.['type'], bent?.box]).toEqual(['line', [10, 10, 100, 90, 0]])
    expect(bent?.['data']).toMatchObject({ from: [0, 1 / 9], via: [corner], to: [1, 0] })
    expect([round?.['type'], round?.box]).toEqual(['pen', [10, 10, 100, 90, 0]])
    expect([dart?.['type'], dart?.box]).toEqual(['line', [10, 10, 100, 90, 0.5]])
    expect(dart?.['data']).toMatchObject({ via: [corner], to_head: 'arrow' })
    expect([bow?.['type'], bow?.['kind']]).toEqual(['connector', 'curved'])
    expect(pen?.['stroke_width']).toBe(5)
    const data = pen?.['data'] as { $bytes: string }
    const ink = unpackInk(bytesFromBase64(data.$bytes) ?? new Uint8Array())
    expect(ink?.points).toEqual([0, 10, 50, 90, 100, 0])
    expect(ink?.pressures).toEqual([0, 128 / 255, 1])
  })

  it('arrows that are bound, bent or labelled are connectors', () => {
    const bound = (elementId: string, more: object = {}) => ({ elementId, focus: 0, gap: 4, ...more })
    const result = read([
      { ...base, id: 'r', type: 'rectangle' },
      { ...base, id: 's', type: 'ellipse', x: 300 },
      {
        ...base,
        id: 'a',
        type: 'arrow',
        points: [
          [0, 0],
          [100, 50],
        ],
        startBinding: bound('r'),
        endBinding: bound('s', { fixedPoint: [-0.01, 0.5], mode: 'orbit' }),
        endArrowhead: 'crowfoot_many',
        elbowed: true,
      },
      { ...base, id: 'l', type: 'text', text: 'yes', containerId: 'a', fontSize: 16 },
      {
        ...base,
        id: 'b',
        type: 'arrow',
        points: [
          [0, 0],
          [100, 50],
        ],
        startBinding: bound('missing'),
      },
    ])
    const [, , connector, line] = told(result?.payload ?? null) ?? []
    expect(connector).toMatchObject({
      type: 'connector',
      kind: 'elbow',
      text: said('yes'),
      data: {
        from: { element: 'r', at: [0.5, 0.5], mode: 'auto', last: [0, 0] },
        to: { element: 's', at: [0, 0.5], mode: 'fixed', last: [1, 1] },
        from_head: 'none',
        to_head: 'many',
      },
    })
    expect(line).toMatchObject({ type: 'line' })
  })

  it('groups and frames hold what they held, pictures keep their part', () => {
    const dataURL = 'data:image/png;base64,AAAA'
    const crop = { x: 50, y: 0, width: 50, height: 100, naturalWidth: 100, naturalHeight: 100 }
    const result = read(
      [
        { ...base, id: 'f', type: 'frame', name: 'Plan' },
        { ...base, id: 'r', type: 'rectangle', groupIds: ['in', 'out'], frameId: 'f' },
        { ...base, id: 'i', type: 'image', fileId: 'x', scale: [-1, 1], crop },
        { ...base, id: 'm', type: 'image', fileId: 'missing' },
        { ...base, id: 'w', type: 'embeddable' },
      ],
      { files: { x: { dataURL } } },
    )
    const made = result?.payload?.elements.map(({ id, snapshot: { keys } }) => [
      id,
      keys['type'],
      keys['parent'],
    ])
    expect(made).toEqual([
      ['group in', 'group', 'group out'],
      ['group out', 'group', 'f'],
      ['f', 'frame', undefined],
      ['r', 'shape', 'group in'],
    ])
    expect(result?.pictures).toEqual([
      {
        dataUrl: dataURL,
        box: { x: 10, y: 20, w: 100, h: 50, angle: 0 },
        crop: [0.5, 0, 0.5, 1],
        flipX: true,
        flipY: false,
      },
    ])
    expect(result?.leftOut).toBe(2)
  })

  it.each([
    ['no JSON', null],
    ['{"type":"excalidraw', null],
    ['{"type":"something else","excalidraw":1}', null],
    ['[{"type":"excalidraw"}]', null],
    [scene('none'), 0],
    [
      scene([
        null,
        7,
        'x',
        [],
        {},
        { id: 1, type: 'text', x: 0, y: 0 },
        { id: 'a', type: 'text', x: 'far', y: 0 },
      ]),
      0,
    ],
    [scene([{ ...base, id: 'a', type: 'text', x: 1e300 }]), 0],
    [
      scene([
        { ...base, id: 'a', type: 'line', points: [[0, 0], ['x']] },
        { ...base, id: 'b', type: 'arrow', points: {} },
      ]),
      0,
    ],
    [
      scene([{ ...base, id: 'a', type: 'freedraw', points: Array.from({ length: 60_000 }, () => [0, 0]) }]),
      0,
    ],
    [
      scene([
        { ...base, id: 'a', type: '__proto__' },
        { ...base, id: 'b', type: 'constructor' },
      ]),
      0,
    ],
    [
      scene([
        {
          ...base,
          id: '__proto__',
          type: 'text',
          text: { evil: 1 },
          fontSize: 'huge',
          strokeColor: 'url(x)',
        },
      ]),
      1,
    ],
    [scene(Array.from({ length: 9_000 }, (_, i) => ({ ...base, id: `${i}`, type: 'ellipse' }))), 9_000],
    [
      scene([{ ...base, id: 'a', type: 'image', fileId: 'x' }], {
        files: { x: { dataURL: 'https://example.com/a.png' } },
      }),
      0,
    ],
  ])('hostile input %#', (text, count) => {
    const result = readExcalidraw(text)
    if (count === null) expect(result).toBe(null)
    else expect([result?.payload?.elements.length ?? 0, result?.pictures]).toEqual([count, []])
  })
})

describe('formats inside a text', () => {
  const board = desk()
  const keys = { type: 'text', box: [0, 0, 0, 0, 0], z: 'a0', auto_width: true }
  const elements = board.ydoc.getMap<Y.Map<unknown>>('elements')
  const write = (id: string, delta: readonly object[]) => {
    const text = new Y.Text()
    text.applyDelta([...delta])
    elements.set(id, new Y.Map(Object.entries<unknown>({ ...keys, text })))
    const element = board.editor.element(id)
    if (!element) throw new Error(`no ${id}`)
    return element
  }
  const sent = (id: string) => {
    board.editor.select([id])
    const payload = board.editor.copy()
    if (!payload) throw new Error(`${id} was not copied`)
    return payload
  }
  const look = { theme: 'light', padding: 0, files: new Map<string, string>() } as const

  it('are drawn in a picture of it', () => {
    const element = write('drawn', [
      { insert: 'loud', attributes: { bold: true, underline: true } },
      { insert: ' slant', attributes: { italic: true } },
      { insert: '\n\u05d0\u05d1' },
    ])
    const svg = svgOf([{ element, clip: null }], look)
    expect(svg).toMatch(/<tspan [^>]*font-weight="bold">loud</)
    expect(svg).toMatch(/<tspan [^>]*font-style="italic">slant</)
    expect(svg).toMatch(/<tspan [^>]*direction="rtl"[^>]*>\u05d0\u05d1</)
    expect(svg.match(/<path d="M0 [^"]*" fill=/g)).toHaveLength(1)
  })

  it('come along when a formatted text is pasted, as one step', () => {
    const { text, runs } = richFromHtml(
      '<p>One <b>bold</b> <a href="https://a.example/">link</a></p><ul><li>item</li></ul>',
    )
    const before = board.board.size()
    board.editor.pasteText(text, { x: 10, y: 10 }, runs)
    const [id = ''] = board.editor.state.get().selection
    expect(board.editor.element(id)).toMatchObject({ type: 'text', text: 'One bold link\nitem', runs })
    board.editor.undo()
    expect(board.board.size()).toBe(before)
  })

  it('count for how large a copy is', () => {
    const plain = payloadBounds((write('plain', [{ insert: 'words' }]), sent('plain')))
    const bold = payloadBounds(
      (write('bold', [{ insert: 'words', attributes: { bold: true } }]), sent('bold')),
    )
    expect(bold.maxX).toBeGreaterThan(plain.maxX + 1)
    expect(bold.maxX).toBeCloseTo(board.editor.textFrame('bold')?.element.w ?? 0)
  })
})

describe('a picture of what frames hold', () => {
  function framed() {
    const d = desk()
    d.editor.setFrameSize('free')
    const frame = d.draw('frame', [100, 100], [300, 300])
    const inside = d.draw('rectangle', [250, 250], [290, 290])
    d.editor.setStyle({ fill: 'red' })
    // It reaches out of its frame.
    d.editor.select([inside])
    d.drag([290, 290], [500, 500], { mod: true })
    d.editor.select([])
    const look = { theme: 'light', padding: 0, files: new Map<string, string>() } as const
    const draw = (...ids: string[]) => svgOf(pictured(d.editor.scene.order(), ids), look)
    return { d, frame, inside, draw }
  }

  it('shows of them what lies in the frame', () => {
    const { d, frame, inside, draw } = framed()
    expect(d.board.get(inside)).toMatchObject({ parent: frame, box: { w: 250, h: 250 } })
    for (const svg of [draw(), draw(frame)]) {
      expect(svg).toContain(
        '<clipPath id="frame-1"><rect width="200" height="200" transform="translate(100 100)"/></clipPath>',
      )
      expect(svg.match(/<g clip-path="url\(#frame-1\)"><g transform="translate\(250 250\)">/g)).toHaveLength(
        1,
      )
      // As large as the frame with its edge.
      expect(Number(/width="([\d.]+)"/.exec(svg)?.[1])).toBeLessThan(210)
    }
  })

  it('shows all of what is taken without its frame', () => {
    const { inside, draw } = framed()
    expect(draw(inside)).not.toContain('clip')
    expect(Number(/width="([\d.]+)"/.exec(draw(inside))?.[1])).toBeGreaterThan(240)
  })
})
