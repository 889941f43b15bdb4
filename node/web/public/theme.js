// Runs before the first paint, so that a page in the dark never flashes white. The same rule as src/ui/theme.ts.
;(function () {
  var choice = null
  try {
    choice = localStorage.getItem('easel.theme')
  } catch (_) {
    // Storage is blocked: follow the system.
  }
  if (choice !== 'light' && choice !== 'dark') {
    choice = matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light'
  }
  document.documentElement.dataset.theme = choice
})()
