// The types of what REST answers and takes, from the interface's own description (../../openapi.json).
// `--check` only tells whether they are up to date.

import { readFileSync, writeFileSync } from 'node:fs'

const document = JSON.parse(readFileSync(new URL('../../openapi.json', import.meta.url), 'utf8'))
const file = new URL('../src/api/schema.gen.ts', import.meta.url)
const { schemas } = document.components

const lines = ['// Made by `npm run api-types` from node/openapi.json. Do not edit.', '']
for (const [name, schema] of Object.entries(schemas).toSorted(([a], [b]) => (a < b ? -1 : 1))) {
  lines.push(
    ...commented(schema.description, ''),
    `export type ${typeName(name)} = ${typeOf(schema, '')}`,
    '',
  )
}
const wanted = lines.join('\n')
if (process.argv.includes('--check')) {
  if (readFileSync(file, 'utf8') !== wanted) {
    process.stderr.write('src/api/schema.gen.ts is stale: npm run api-types\n')
    process.exitCode = 1
  }
} else {
  writeFileSync(file, wanted)
}

function typeName(name) {
  return name.replaceAll(/[^A-Za-z0-9]/g, '')
}

function commented(description, indent) {
  return description === undefined ? [] : [`${indent}/** ${description.replaceAll(/\s+/g, ' ')} */`]
}

function typeOf(schema, indent) {
  if (schema.$ref !== undefined) return typeName(schema.$ref.split('/').at(-1))
  if (schema.enum !== undefined) return schema.enum.map((word) => `'${word}'`).join(' | ')
  for (const [several, sign] of [
    ['oneOf', ' | '],
    ['anyOf', ' | '],
    ['allOf', ' & '],
  ]) {
    if (schema[several] !== undefined) return schema[several].map((one) => typeOf(one, indent)).join(sign)
  }
  if (Array.isArray(schema.type)) {
    return schema.type.map((type) => typeOf({ ...schema, type }, indent)).join(' | ')
  }
  switch (schema.type) {
    case 'string':
    case 'boolean':
    case 'null':
      return schema.type
    case 'integer':
    case 'number':
      return 'number'
    case 'array':
      return `readonly ${inBrackets(typeOf(schema.items, indent))}[]`
    case 'object':
      return membersOf(schema, indent)
    default:
      return 'unknown'
  }
}

function inBrackets(type) {
  return /^[\w]+$/.test(type) ? type : `(${type})`
}

function membersOf(schema, indent) {
  if (schema.properties === undefined) return 'Readonly<Record<string, unknown>>'
  const inner = `${indent}  `
  const members = Object.entries(schema.properties).flatMap(([name, member]) => {
    const mark = (schema.required ?? []).includes(name) ? '' : '?'
    return [
      ...commented(member.description, inner),
      `${inner}readonly ${quoted(name)}${mark}: ${typeOf(member, inner)}`,
    ]
  })
  return ['{', ...members, `${indent}}`].join('\n')
}

function quoted(name) {
  return /^[A-Za-z_]\w*$/.test(name) ? name : `'${name}'`
}
