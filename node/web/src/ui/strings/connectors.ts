/** Connectors, and the ends of lines. */

import type { Head, RouteKind } from '../../core/schema.gen'

export const connectorWords = {
  route: {
    label: 'Connector type',
    elbow: 'Elbow',
    straight: 'Straight',
    curved: 'Curved',
  } satisfies Readonly<Record<RouteKind | 'label', string>>,
  heads: {
    none: 'None',
    arrow: 'Arrow',
    triangle: 'Triangle',
    triangle_open: 'Open triangle',
    diamond: 'Diamond',
    diamond_open: 'Open diamond',
    circle: 'Circle',
    circle_open: 'Open circle',
    bar: 'Bar: one',
    many: 'Crow’s foot: many',
    exactly_one: 'Exactly one',
    zero_or_one: 'Zero or one',
    one_or_many: 'One or many',
    zero_or_many: 'Zero or many',
  } satisfies Readonly<Record<Head, string>>,
  pointer: [
    ['Click', 'With a line: its next point. A double click or Enter ends it, Backspace takes one back'],
    ['Drag', 'The small point in the middle of a line: bend it'],
    ['Double-click', 'On a point of a line: take it away'],
    ['alt+Drag', 'With a connector: do not bind its end'],
    ['Double-click', 'On a connector: write on it'],
  ],
} as const
