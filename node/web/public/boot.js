// Runs before the first paint, and before any other script of the page has arrived.

/** Where the app is on its host. As src/base.ts. */
var base = document.documentElement.dataset.base || ''

// A page in the dark never flashes white. The same rule as src/ui/theme.ts.
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

// A board's page asks for its board and its content and opens its connection while its scripts are still on their way;
// on a slow line that is half a second. src/api/early.ts takes all three over.
;(function () {
  var path = location.pathname
  var found = path.startsWith(base) && /^\/b\/(brd_[a-z0-9]{1,60})$/.exec(path.slice(base.length))
  if (!found || isSomebody(found[1])) return
  var asked = base + '/api/v1/boards/' + found[1]
  var answer = fetch(asked, {
    headers: { accept: 'application/json, application/problem+json' },
    credentials: 'same-origin',
    cache: 'no-store',
  })
  // Whoever takes it hears of a failure as well.
  answer.catch(function () {})
  var stop = new AbortController()
  var body = fetch(asked + '/ydoc?part=body', { credentials: 'same-origin', signal: stop.signal })
  body.catch(function () {})
  var url = (location.protocol === 'https:' ? 'wss://' : 'ws://') + location.host + base + '/sync/' + found[1]
  var socket = new WebSocket(url, ['easel.v1'])
  socket.binaryType = 'arraybuffer'
  var early = { path: asked, answer: answer, body: body, stop: stop, url: url, socket: socket, heard: [] }
  early.hear = function (event) {
    early.heard.push(event.data)
  }
  socket.addEventListener('message', early.hear)
  window.easelEarly = early
})()

// Whoever was signed in here needs a token before anything else, so it is asked for first. src/api/session.ts.
;(function () {
  var user = hint()
  if (user === null || user === '-') return
  function ask() {
    return fetch(base + '/api/v1/auth/refresh', {
      method: 'POST',
      headers: {
        accept: 'application/json, application/problem+json',
        'content-type': 'application/json',
        'easel-client': 'web',
      },
      body: '{}',
      credentials: 'same-origin',
      cache: 'no-store',
    })
  }
  // One tab at a time, where the browser knows how.
  var answer = navigator.locks === undefined ? ask() : navigator.locks.request('easel.session', ask)
  answer.catch(function () {})
  window.easelReturning = answer
})()

// The list of boards is asked for as soon as it is known on whose behalf, while the page's scripts are still being read.
;(function () {
  if (location.pathname !== base + '/' || location.search !== '') return
  var user = hint()
  if (user === '-') return
  // As src/api/client.ts asks for the first of them; another order than the one kept here is asked for anew.
  var path = base + '/api/v1/boards?sort=' + (kept('easel.sort') || '-updated_at') + '&limit=60'
  function ask(token) {
    var headers = { accept: 'application/json, application/problem+json' }
    if (token !== null) headers.authorization = 'Bearer ' + token
    return fetch(path, { headers: headers, credentials: 'same-origin', cache: 'no-store' }).then(
      function (answer) {
        return { token: token, answer: answer }
      },
    )
  }
  var asked =
    user === null
      ? ask(null)
      : window.easelReturning.then(function (answer) {
          if (!answer.ok) return null
          return answer
            .clone()
            .json()
            .then(function (session) {
              return ask(session.access_token)
            })
        })
  asked.catch(function () {})
  window.easelList = { path: path, asked: asked }
})()

/** Has an account, or comes by a share link: then nothing is asked for on nobody's behalf. */
function isSomebody(board) {
  try {
    return hint() !== null || sessionStorage.getItem('easel.visit.' + board) !== null
  } catch (_) {
    return false
  }
}

function hint() {
  return kept('easel.user')
}

function kept(key) {
  try {
    return localStorage.getItem(key)
  } catch (_) {
    return null
  }
}
