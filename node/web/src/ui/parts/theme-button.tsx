import { Monitor, Moon, Sun } from 'lucide-react'
import { strings } from '../strings'
import { choose } from '../settings'
import { useTheme, useThemeChoice } from '../theme'
import { MenuButton } from './menu-button'

export function ThemeButton() {
  const theme = useTheme()
  const choice = useThemeChoice()
  return (
    <MenuButton
      icon={theme === 'dark' ? Moon : Sun}
      label={strings.theme.label}
      placement="below-end"
      testId="theme"
      entries={() => [
        {
          kind: 'item',
          icon: Monitor,
          label: strings.theme.system,
          checked: choice === 'system',
          testId: 'theme-system',
          run: () => choose({ theme: 'system' }),
        },
        {
          kind: 'item',
          icon: Sun,
          label: strings.theme.light,
          checked: choice === 'light',
          testId: 'theme-light',
          run: () => choose({ theme: 'light' }),
        },
        {
          kind: 'item',
          icon: Moon,
          label: strings.theme.dark,
          checked: choice === 'dark',
          testId: 'theme-dark',
          run: () => choose({ theme: 'dark' }),
        },
      ]}
    />
  )
}
