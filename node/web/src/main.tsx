import { createRoot } from 'react-dom/client'
import './styles/fonts.css'
import './styles/tokens.css'
import './styles/base.css'
import './styles/parts.css'
import './styles/start.css'
import './styles/people.css'
import './styles/board.css'
import './styles/images.css'
import './styles/ways.css'
import './styles/frames.css'
import './styles/outline.css'
import './styles/text.css'
import { watchFailures } from './api/failures'
import { keepShell } from './shell/register'
import { App } from './ui/app'
import { watchFocus } from './ui/focus'
import { keepSettings } from './ui/settings'

watchFailures()
watchFocus()
keepSettings()
const root = document.getElementById('root')
if (root !== null) createRoot(root).render(<App />)
keepShell()
