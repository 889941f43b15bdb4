/**
 * Holds the catalogue of strings against the code: every key that is asked for is there, and every key that is there is
 * asked for. A key is followed from `strings` through names, destructuring and members; what is reached by a computed
 * name, or handed on as a whole, counts as used with all that is in it.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { parseSync, runnerImport } from 'vite'

const src = new URL('../src', import.meta.url).pathname
const catalogues = {
  strings: (await load('ui/strings/index.ts')).strings,
  editorStrings: (await load('ui/board/editor-strings.ts')).editorStrings,
}

function say(line) {
  process.stderr.write(`${line}\n`)
}

async function load(file) {
  const { module } = await runnerImport(join(src, file), { configFile: false, logLevel: 'silent' })
  return module
}

const used = new Set()
const missing = []
for (const file of files(join(src, 'ui'))) {
  const text = readFileSync(file, 'utf8')
  if (/\b(strings|editorStrings)\b/.test(text)) read(file, text)
}
const unused = Object.entries(catalogues).flatMap(([root, words]) =>
  leaves(words, [root]).filter((path) => !isUsed(path)),
)
for (const [file, path] of missing) say(`${relative(src, file)}: there are no words ${path}`)
for (const path of unused) say(`nobody asks for ${path.join('.')}`)
if (used.size < 100) throw new Error('hardly any words are used: the check reads nothing')
process.exitCode = missing.length + unused.length === 0 ? 0 : 1

function files(folder) {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.tsx?$/.test(name) && !/(^|\/)strings\/|editor-strings|\.test\./.test(name))
    .map((name) => join(folder, name))
}

function isGroup(value) {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function leaves(words, path) {
  return Object.entries(words).flatMap(([key, value]) =>
    isGroup(value) ? leaves(value, [...path, key]) : [[...path, key]],
  )
}

function isUsed(path) {
  return path.some((_, at) => used.has(path.slice(0, at + 1).join('.')))
}

function read(file, text) {
  const { program } = parseSync(file, text)
  // A name may stand for other words in another function: it counts for all of them.
  const names = new Map(Object.keys(catalogues).map((root) => [root, new Set([root])]))
  let before = -1
  const size = () => [...names.values()].reduce((sum, paths) => sum + paths.size, 0)
  while (before !== size()) {
    before = size()
    visit(program, null, (node) => {
      if (node.type === 'VariableDeclarator' && node.init) bind(node.id, pathsOf(node.init, names), names)
    })
  }
  visit(program, null, (node, parent) => ask(node, parent, names, file))
}

/** What a name, or each name of a pattern, stands for. */
function bind(target, paths, names) {
  if (paths.length === 0) return
  if (target.type === 'Identifier') {
    const known = names.get(target.name) ?? new Set()
    for (const path of paths) if (isGroup(valueAt(path))) known.add(path)
    if (known.size > 0) names.set(target.name, known)
    return
  }
  if (target.type !== 'ObjectPattern') return
  for (const property of target.properties) {
    if (property.type !== 'Property' || property.computed) continue
    const inner = paths.map((path) => `${path}.${property.key.name ?? property.key.value}`)
    for (const path of inner) if (valueAt(path) !== undefined && !isGroup(valueAt(path))) used.add(path)
    bind(property.value, inner, names)
  }
}

/** The words that an expression is, when it is any. */
function pathsOf(node, names) {
  if (node.type === 'Identifier') return [...(names.get(node.name) ?? [])]
  if (node.type === 'ConditionalExpression')
    return [...pathsOf(node.consequent, names), ...pathsOf(node.alternate, names)]
  if (node.type !== 'MemberExpression') return []
  const key = keyOf(node)
  const groups = pathsOf(node.object, names).filter((path) => isGroup(valueAt(path)))
  return key === null ? [] : groups.map((path) => `${path}.${key}`)
}

function keyOf({ computed, property }) {
  if (!computed) return property.name
  return property.type === 'Literal' ? String(property.value) : null
}

function valueAt(path) {
  return path.split('.').reduce((value, key) => (isGroup(value) ? value[key] : undefined), catalogues)
}

function ask(node, parent, names, file) {
  if (node.type === 'MemberExpression' && keyOf(node) === null) {
    for (const path of pathsOf(node.object, names)) used.add(path)
    return
  }
  if (node.type !== 'MemberExpression' && !(node.type === 'Identifier' && names.has(node.name))) return
  const isInner = parent?.type === 'MemberExpression' && parent.object === node
  const isName =
    (parent?.type === 'MemberExpression' && parent.property === node && !parent.computed) ||
    (parent?.type === 'Property' && parent.key === node && !parent.computed && parent.value !== node) ||
    /^(Import|Export)/.test(parent?.type ?? '') ||
    (parent?.type === 'VariableDeclarator' && parent.id === node) ||
    (parent?.type ?? '').startsWith('TS')
  const isBound = parent?.type === 'VariableDeclarator' && parent.init === node
  if (isName) return
  for (const path of pathsOf(node, names)) {
    const value = valueAt(path)
    if (value === undefined) {
      // Of several that a name may stand for, one is enough.
      if (!pathsOf(node, names).some((other) => valueAt(other) !== undefined)) missing.push([file, path])
    } else if (!isGroup(value)) used.add(path)
    else if (!isInner && !isBound) used.add(path)
  }
}

function visit(node, parent, act) {
  if (Array.isArray(node)) {
    for (const one of node) visit(one, parent, act)
    return
  }
  if (typeof node?.type !== 'string') return
  act(node, parent)
  for (const [key, value] of Object.entries(node)) {
    if (key !== 'type' && typeof value === 'object' && value !== null) visit(value, node, act)
  }
}
