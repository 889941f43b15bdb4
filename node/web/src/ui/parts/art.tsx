/** Small drawings for pages that have nothing to show. Colours come from the theme by class. */

import type { ReactNode } from 'react'

function Art({ children }: { children: ReactNode }) {
  return (
    <svg className="notice__art art" viewBox="0 0 176 132" fill="none" aria-hidden="true">
      {children}
    </svg>
  )
}

/** A board with a note, a shape and a stroke, and two people at it. */
export function EmptyArt() {
  return (
    <Art>
      <rect className="art__board" x="14" y="10" width="148" height="104" rx="12" />
      <path className="art__dots" d="M30 28h120M30 44h120M30 60h120M30 76h120M30 92h120" />
      <g transform="rotate(-4 53 52)">
        <rect className="art__shadow" x="33" y="34" width="42" height="42" rx="3" />
        <rect className="art__note" x="32" y="32" width="42" height="42" rx="3" />
        <path className="art__note-ink" d="M39 43h26M39 51h20M39 59h23" />
      </g>
      <rect className="art__shape" x="98" y="28" width="46" height="30" rx="6" />
      <path className="art__link" d="M78 55c10 0 10-12 20-12" />
      <path className="art__stroke" d="M62 98c8-20 18-22 20-10s8 10 14-2 10-10 12-2 6 8 14 2" />
      <g className="art__one">
        <path d="m126 84 4 15 3.6-6 6.7-1.7z" />
        <rect x="136" y="96" width="24" height="11" rx="5.5" />
      </g>
      <g className="art__two">
        <path d="m76 66 4 15 3.6-6 6.7-1.7z" />
        <rect x="86" y="78" width="20" height="11" rx="5.5" />
      </g>
    </Art>
  )
}

/** A board that came off its easel. */
export function LostArt() {
  return (
    <Art>
      <path className="art__leg" d="M88 14v8M66 84 54 120M110 84l12 36M88 84v26" />
      <path
        className="art__frame"
        d="M44 30h88a6 6 0 0 1 6 6v44a6 6 0 0 1-6 6H44a6 6 0 0 1-6-6V36a6 6 0 0 1 6-6Z"
      />
      <path className="art__stroke" d="M76 50c1-8 7-11 13-11 8 0 13 5 13 11 0 8-13 8-13 17" />
      <circle className="art__point" cx="89" cy="75" r="2.5" />
    </Art>
  )
}

export function TrashArt() {
  return (
    <Art>
      <rect className="art__board" x="54" y="44" width="68" height="72" rx="10" />
      <path className="art__frame" d="M44 44h88M76 44v-8a6 6 0 0 1 6-6h12a6 6 0 0 1 6 6v8" />
      <path className="art__frame" d="M54 44v62a10 10 0 0 0 10 10h48a10 10 0 0 0 10-10V44" />
      <path className="art__link" d="M76 62v36M88 62v36M100 62v36" />
    </Art>
  )
}

export function OfflineArt() {
  return (
    <Art>
      <rect className="art__board" x="20" y="30" width="52" height="72" rx="10" />
      <rect className="art__frame" x="20" y="30" width="52" height="72" rx="10" />
      <path className="art__link" d="M32 46h28M32 58h28" />
      <circle className="art__warn" cx="34" cy="88" r="3.5" />
      <rect className="art__frame" x="112" y="42" width="48" height="36" rx="6" />
      <path className="art__frame" d="M104 90h64" />
      <path className="art__link" d="M78 66h8M98 66h8" />
      <path className="art__cross" d="m88 61 8 10M96 61l-8 10" />
    </Art>
  )
}
