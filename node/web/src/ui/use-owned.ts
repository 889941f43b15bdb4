import { useEffect, useRef, useState } from 'react'

/** Something made with the component and ended with it. Another one takes another `key`. */
export function useOwned<T>(make: () => T, end: (owned: T) => void): T {
  const [owned] = useState(make)
  const ending = useRef(end)
  useEffect(() => {
    const run = ending.current
    return () => run(owned)
  }, [owned])
  return owned
}
