import type { LucideIcon } from 'lucide-react'

/** An icon at the house stroke: 1.5 px at any size. Its meaning is always said elsewhere. */
export function Glyph({
  icon: Icon,
  size = 18,
  className,
}: {
  icon: LucideIcon
  size?: number
  className?: string
}) {
  return <Icon size={size} strokeWidth={1.5} absoluteStrokeWidth aria-hidden="true" className={className} />
}
