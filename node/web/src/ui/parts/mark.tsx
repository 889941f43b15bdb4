/** The Easel mark: a canvas on three legs with a stroke across it. Drawn on a 32-unit square. */
export function Mark({ size = 28 }: { size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 32 32" aria-hidden="true" className="mark">
      <rect className="mark__ground" width="32" height="32" rx="8" />
      <g fill="none" stroke="#fff" strokeWidth="2.4" strokeLinecap="round" strokeLinejoin="round">
        <path d="M16 4.8v3M11.4 20.6 9 27M20.6 20.6 23 27M16 20.6v3.6" />
        <rect x="6.6" y="7.8" width="18.8" height="12.8" rx="2.6" />
        <path d="M10.8 16.2c1.8-4.4 3.6-4.4 4.4-1.8s2.4 2.4 6-2.4" />
      </g>
    </svg>
  )
}
