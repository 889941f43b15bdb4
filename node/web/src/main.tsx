import { createRoot } from 'react-dom/client'
import './styles/fonts.css'
import './styles/tokens.css'
import './styles/base.css'
import './styles/parts.css'
import './styles/start.css'
import './styles/board.css'
import { App } from './ui/app'

const root = document.getElementById('root')
if (root !== null) createRoot(root).render(<App />)
