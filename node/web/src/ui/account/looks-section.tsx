import { Select } from '../parts/form'
import { motionChoice } from '../motion'
import { choose } from '../settings'
import { strings } from '../strings'
import { useThemeChoice } from '../theme'
import { useStore } from '../use-store'

/** There is nothing to save: what is chosen holds at once. */
export function LooksSection() {
  const theme = useThemeChoice()
  const motion = useStore(motionChoice, (choice) => choice)
  const words = strings.account
  return (
    <div className="form">
      <Select
        label={strings.theme.label}
        value={theme}
        options={(['system', 'light', 'dark'] as const).map((value) => ({
          value,
          label: strings.theme[value],
        }))}
        onChange={(next) => choose({ theme: next })}
        testId="looks-theme"
      />
      <Select
        label={words.motion}
        value={motion}
        options={(['system', 'less'] as const).map((value) => ({ value, label: words.motions[value] }))}
        onChange={(next) => choose({ motion: next })}
        testId="looks-motion"
      />
    </div>
  )
}
