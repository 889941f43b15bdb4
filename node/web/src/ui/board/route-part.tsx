/** The way that connectors take. */

import type { Editor, StyleSummary } from '../../core/editor-api'
import { ROUTES, type RouteKind } from '../../core/schema.gen'
import { connectorWords } from '../strings/connectors'
import { Choice, Choices, Part } from './property-part'

export function RoutePart({ editor, route }: { editor: Editor; route: NonNullable<StyleSummary['route']> }) {
  const words = connectorWords.route
  return (
    <Part
      label={words.label}
      testId="prop-route"
      face={<RouteSample kind={route === 'mixed' ? 'elbow' : route} />}
    >
      <Choices label={words.label}>
        {ROUTES.map((kind) => (
          <Choice
            key={kind}
            label={words[kind]}
            testId={`route-${kind}`}
            chosen={route === kind}
            onChoose={() => editor.setRoute(kind)}
          >
            <RouteSample kind={kind} />
          </Choice>
        ))}
      </Choices>
    </Part>
  )
}

const WAYS: Readonly<Record<RouteKind, string>> = {
  elbow: 'M3 17H8a2 2 0 0 0 2-2V5a2 2 0 0 1 2-2H17',
  straight: 'M3 17L17 3',
  curved: 'M3 17C12 17 8 3 17 3',
}

export function RouteSample({ kind }: { kind: RouteKind }) {
  return (
    <svg width="20" height="20" viewBox="0 0 20 20" aria-hidden="true">
      <path d={WAYS[kind]} fill="none" stroke="currentColor" strokeWidth="1.75" strokeLinecap="round" />
    </svg>
  )
}
