/**
 * Few files for the first view of a page, since on a slow line each is a round trip: what every page starts with is one,
 * with what the list of boards and a board have in common ('app'), and what a board needs besides is another ('drawing'),
 * but for what other pages need as well ('shared'). Parts that are fetched later are cut as the bundler likes.
 */

import { join } from 'node:path'

interface Modules {
  getModuleInfo(id: string): {
    readonly importedIds: readonly string[]
    readonly dynamicallyImportedIds: readonly string[]
  } | null
}

interface Plan {
  readonly atFirst: ReadonlySet<string>
  readonly board: ReadonlySet<string>
  readonly start: ReadonlySet<string>
  /** Needed by pages other than a board's, at once or later. */
  readonly elsewhere: ReadonlySet<string>
}

interface Group {
  readonly name: (id: string, modules: Modules) => string | null
  readonly priority: number
}

/** In the order of their priority, since what a file needs goes into it as well, unless it has a place already. */
export function filesOf(root: string): Group[] {
  const fileOf = namer(root)
  const only =
    (name: string): Group['name'] =>
    (id, modules) =>
      fileOf(id, modules) === name ? name : null
  return ['drawing', 'shared', 'app'].map((name, priority) => ({ name: only(name), priority }))
}

function namer(root: string): Group['name'] {
  const entry = join(root, 'src/main.tsx')
  const app = join(root, 'src/ui/app.tsx')
  const page = {
    board: join(root, 'src/ui/board/board-page.tsx'),
    start: join(root, 'src/ui/start/start-page.tsx'),
  }
  let plan: Plan | null = null

  function planOf(modules: Modules): Plan {
    const atFirst = closure(modules, [entry], new Set())
    const pages = modules.getModuleInfo(app)?.dynamicallyImportedIds ?? []
    if (!pages.includes(page.board) || !pages.includes(page.start)) {
      throw new Error(`${app} asks for neither a board's page nor the list of boards`)
    }
    return {
      atFirst,
      board: closure(modules, [page.board], new Set()),
      start: closure(modules, [page.start], new Set()),
      elsewhere: closure(
        modules,
        pages.filter((one) => one !== page.board),
        atFirst,
        true,
      ),
    }
  }

  return (id, modules) => {
    plan ??= planOf(modules)
    // These have files of their own names, by which they are found.
    if (id === entry || id === page.board || id === page.start) return null
    if (plan.atFirst.has(id) || (plan.board.has(id) && plan.start.has(id))) return 'app'
    if (!plan.board.has(id)) return null
    return plan.elsewhere.has(id) ? 'shared' : 'drawing'
  }
}

/** These and what they import, without going on from `known`; with `later` also what they fetch later. */
function closure(
  modules: Modules,
  from: readonly string[],
  known: ReadonlySet<string>,
  later = false,
): ReadonlySet<string> {
  const found = new Set(from)
  for (const id of found) {
    const info = known.has(id) ? null : modules.getModuleInfo(id)
    for (const next of info?.importedIds ?? []) found.add(next)
    if (later) for (const next of info?.dynamicallyImportedIds ?? []) found.add(next)
  }
  return found
}
