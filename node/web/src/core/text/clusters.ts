/**
 * Text cut into clusters, the smallest pieces that a line break may separate: the twin of
 * `node/board/src/text/clusters.rs`, which says why the rule is what it is.
 */
import {
  advance,
  extendsCluster,
  isEmoji,
  isPictograph,
  isRegionalIndicator,
  isSpace,
  isWide,
} from './advances'
import { EMOJI_ADVANCE } from './advances.gen'

const VARIATION_EMOJI = 0xfe0f
const KEYCAP = 0x20e3
const ZERO_WIDTH_JOINER = 0x200d
const REPLACEMENT = 0xfffd

/** `wide` is an ideograph or a picture: a line may break on either side. */
export type ClusterKind = 'space' | 'letter' | 'wide'

export interface Cluster {
  /** UTF-16 code units of the text. */
  readonly start: number
  end: number
  /** The first code point. */
  readonly base: number
  /** Font units. */
  advance: number
  kind: ClusterKind
}

/** Cuts `text` between `start` and `end`, a paragraph without newlines. */
export function clusters(text: string, start: number, end: number): Cluster[] {
  const out: Cluster[] = []
  let last: Cluster | undefined
  let previous = 0
  let at = start
  while (at < end) {
    const code = codeAt(text, at)
    const next = at + (code > 0xffff ? 2 : 1)
    if (last !== undefined && joins(last, previous, code, at)) {
      last.end = next
      if (code === VARIATION_EMOJI || code === KEYCAP) {
        last.kind = 'wide'
        last.advance = EMOJI_ADVANCE
      }
    } else {
      last = { start: at, end: next, base: code, advance: advance(code), kind: kindOf(code) }
      out.push(last)
    }
    previous = code
    at = next
  }
  return out
}

/** A lone surrogate counts as the replacement character that the server reads in its place. */
export function codeAt(text: string, at: number): number {
  const code = text.codePointAt(at) ?? REPLACEMENT
  return code >= 0xd800 && code <= 0xdfff ? REPLACEMENT : code
}

function joins(cluster: Cluster, previous: number, code: number, at: number): boolean {
  if (cluster.kind === 'space') return false
  if (extendsCluster(code)) return true
  if (previous === ZERO_WIDTH_JOINER) return isPictograph(cluster.base) && isPictograph(code)
  // A regional indicator is two code units: a flag is complete with the second.
  return isRegionalIndicator(code) && isRegionalIndicator(cluster.base) && at - cluster.start === 2
}

function kindOf(code: number): ClusterKind {
  if (isSpace(code)) return 'space'
  return isWide(code) || isEmoji(code) ? 'wide' : 'letter'
}
