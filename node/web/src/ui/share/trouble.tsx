import { useState } from 'react'
import { FormFailure } from '../parts/form'

/** What went wrong within a dialog is said in it: nothing else on the page can be heard while it is open. */
export function useTrouble(): {
  readonly trouble: React.ReactNode
  readonly tell: (failure: unknown) => void
} {
  const [failure, tell] = useState<unknown>(null)
  return { trouble: <FormFailure failure={failure} />, tell }
}
