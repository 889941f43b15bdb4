/**
 * Makes the fonts of the client from the TTFs of the npm package, before every build: WOFF2 files
 * that hold the characters of the table of advances and nothing else; and `Easel Text` as TTF, with which
 * the server draws pictures of boards.
 *
 * - `Easel Text` draws what stands on boards. It has no kerning and no ligatures, so a word is
 *   exactly as wide as its letters in the table, on a canvas and in a text field alike. Its bold is a file of its own;
 *   italic is the browser's slant of either, which keeps the advances.
 * - `Inter` is the interface, with its kerning. Its everyday characters come in a small file; a
 *   browser fetches the rest when a page needs it.
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import subsetFont from 'subset-font'

const TTFS = new URL('../node_modules/@expo-google-fonts/inter/', import.meta.url)
const TABLE = new URL('../../board/src/text/advances.txt', import.meta.url)
const STYLES = new URL('../src/styles/fonts.css', import.meta.url)
const OUT = new URL('../src/assets/fonts/', import.meta.url)
const LICENCES = new URL('../public/licences/', import.meta.url)

const COMBINING = range(0x300, 0x36f)
const MARKS = ['ccmp', 'mark', 'mkmk']
const INTERFACE = [...MARKS, 'locl', 'kern', 'calt', 'case', 'tnum', 'cv11', 'ss03']

/** What English and its neighbours need, and the signs that shortcuts are shown with. */
const EVERYDAY =
  'U+0020-00FF, U+2010-203F, U+20AC, U+2122, U+2190-2193, U+21E7, U+2212, U+2303, U+2318, U+2325'

const WEIGHTS = [
  { weight: 400, ttf: '400Regular/Inter_400Regular.ttf' },
  { weight: 500, ttf: '500Medium/Inter_500Medium.ttf' },
  { weight: 600, ttf: '600SemiBold/Inter_600SemiBold.ttf' },
]

const BOARD = [
  ['easel-text', '400Regular/Inter_400Regular.ttf'],
  ['easel-text-bold', '700Bold/Inter_700Bold.ttf'],
]

export async function makeFonts() {
  const styles = await readFile(STYLES, 'utf8')
  const declared = styles.replaceAll(/\s+/g, ' ').split(`unicode-range: ${EVERYDAY};`).length - 1
  if (declared !== WEIGHTS.length) throw new Error(`fonts.css must declare ${WEIGHTS.length} × "${EVERYDAY}"`)

  const characters = [...charactersOf(await readFile(TABLE, 'utf8')), ...COMBINING]
  const everyday = new Set(EVERYDAY.split(', ').flatMap(rangeOf))
  await mkdir(OUT, { recursive: true })
  await mkdir(LICENCES, { recursive: true })

  const made = []
  const make = async (name, ttf, codes, keepFeatures, targetFormat = 'woff2') => {
    const text = String.fromCodePoint(...codes)
    const bytes = await subsetFont(await readFile(new URL(ttf, TTFS)), text, {
      targetFormat,
      keepFeatures,
      noHinting: true,
    })
    const file = `${name}.${targetFormat === 'woff2' ? 'woff2' : 'ttf'}`
    await writeFile(new URL(file, OUT), bytes)
    made.push(`${file} ${Math.round(bytes.length / 1024)} KiB`)
  }
  for (const [name, ttf] of BOARD) {
    await make(name, ttf, characters, MARKS)
    await make(name, ttf, characters, MARKS, 'truetype')
  }
  for (const { weight, ttf } of WEIGHTS) {
    const [small, rest] = [true, false].map((is) => characters.filter((code) => everyday.has(code) === is))
    await make(`inter-${weight}`, ttf, small, INTERFACE)
    await make(`inter-${weight}-more`, ttf, rest, INTERFACE)
  }
  await writeFile(new URL('Inter-OFL.txt', LICENCES), await readFile(new URL('LICENSE_FONT', TTFS)))
  return made
}

/** Lines of a first code point in hexadecimal and one advance for it and each that follows. */
function charactersOf(table) {
  return table
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .flatMap((line) => {
      const [first, ...advances] = line.split(' ')
      return advances.map((_, index) => Number.parseInt(first, 16) + index)
    })
}

function rangeOf(text) {
  const [first, last = first] = text.slice(2).split('-')
  return range(Number.parseInt(first, 16), Number.parseInt(last, 16))
}

function range(first, last) {
  return Array.from({ length: last - first + 1 }, (_, index) => first + index)
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const made = await makeFonts()
  process.stdout.write(`fonts: ${made.join(', ')}\n`)
}
