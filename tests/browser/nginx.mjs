/** A real nginx before a node, with as little said to it as people say. */
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { until } from './harness.mjs'

/** What may be done with a handshake for a WebSocket. */
export const UPGRADES = {
  /** Nothing is said of them, so nginx passes on a plain request: what most people meet first. */
  unsaid: '',
  /** The connection is closed without a word, as some firewalls do. */
  cut: 'location /sync/ { return 444; }',
  let_through: `location /sync/ {
      proxy_pass http://node;
      proxy_http_version 1.1;
      proxy_set_header Host $http_host;
      proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Connection upgrade;
    }`,
}

const EXAMPLE = join(dirname(fileURLToPath(import.meta.url)), '../../config/proxies/nginx.conf')

const running = new Set()
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})

export async function startNginx(node, upgrades) {
  const folder = await mkdtemp(join(tmpdir(), 'easel-nginx-'))
  const address = `127.0.0.1:${await freePort()}`
  const nginx = nginxIn(folder, address, (chosen) => configuration(folder, address, node.address, chosen))
  await nginx.start(upgrades)
  return nginx
}

/**
 * The nginx of `config/proxies/nginx.conf`, with TLS, for a node below a path. The node is told of it by `env`, and it of
 * the node by `lead`.
 */
export async function nginxWithTls(base) {
  const folder = await mkdtemp(join(tmpdir(), 'easel-nginx-'))
  const address = `127.0.0.1:${await freePort()}`
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')]
  const signing = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2']
  const names = ['-subj', '/CN=Easel', '-addext', 'subjectAltName=IP:127.0.0.1']
  execFileSync('openssl', [...signing, ...names, '-keyout', key, '-out', cert], { stdio: 'ignore' })
  const nginx = nginxIn(folder, address, (upstream) => {
    const changes = [
      ['server 127.0.0.1:8080;', `server ${upstream};`],
      ['listen 443 ssl;', `listen ${address} ssl;`],
      ['/etc/ssl/easel/fullchain.pem', cert],
      ['/etc/ssl/easel/privkey.pem', key],
      ['location / {', `location ${base}/ {`],
    ]
    let site = readFileSync(EXAMPLE, 'utf8')
    for (const [from, to] of changes) {
      if (!site.includes(from)) throw new Error(`the example says nothing of ${from}`)
      site = site.replace(from, to)
    }
    return around(folder, site)
  })
  nginx.url = `https://${address}${base}`
  return {
    url: nginx.url,
    address,
    env: { EASEL_PUBLIC_URL: `${nginx.url}/`, EASEL_PROXY__TRUSTED: '127.0.0.1' },
    lead: (upstream) => nginx.start(upstream),
    remove: () => nginx.remove(),
  }
}

/** `configure` gives the whole of its file for what `start` is told. */
function nginxIn(folder, address, configure) {
  const file = join(folder, 'nginx.conf')
  const log = []
  let child

  const write = (chosen) => writeFileSync(file, configure(chosen))
  const answers = async () => {
    const socket = connect(address.split(':')[1], '127.0.0.1')
    try {
      await once(socket, 'connect')
      return true
    } catch {
      return false
    } finally {
      socket.destroy()
    }
  }

  const nginx = {
    address,
    url: `http://${address}`,
    async start(chosen) {
      write(chosen)
      child = spawn('nginx', ['-p', folder, '-c', file, '-e', 'stderr'], {
        // Debian puts it where only root looks.
        env: { ...process.env, PATH: `${process.env.PATH}:/usr/sbin` },
        stdio: ['ignore', 'inherit', 'pipe'],
      })
      running.add(child)
      child.stderr.on('data', (chunk) => log.push(chunk.toString()))
      child.once('error', (failure) => log.push(`${failure.message}: run make test-tools`))
      child.once('exit', () => running.delete(child))
      await until('nginx', async () => {
        if (child.exitCode !== null || child.pid === undefined) throw new Error(`nginx did not start:\n${log.join('')}`)
        return answers()
      })
    },
    /** As an operator does who has changed the file. Connections that are open stay as they are. */
    reload(chosen) {
      write(chosen)
      child.kill('SIGHUP')
    },
    /** All connections end with it. */
    async stop() {
      const ended = once(child, 'exit')
      child.kill('SIGTERM')
      await ended
    },
    async remove() {
      if (running.has(child)) await nginx.stop()
      await rm(folder, { recursive: true, force: true })
    },
  }
  return nginx
}

function configuration(folder, address, upstream, upgrades) {
  return around(
    folder,
    `upstream node { server ${upstream}; }
      server {
        listen ${address};
        location / {
          proxy_pass http://node;
          proxy_set_header Host $http_host;
        }
        ${upgrades}
      }`,
  )
}

/** What stands around a site in nginx's own files. */
function around(folder, site) {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
  return `
    ${process.getuid() === 0 ? 'user root;' : ''}
    daemon off;
    worker_processes 1;
    pid ${folder}/nginx.pid;
    events { worker_connections 256; }
    http {
      access_log off;
      ${temporary.map((kind) => `${kind}_temp_path ${folder}/${kind};`).join('\n      ')}
      ${site}
    }`
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address()
  server.close()
  await once(server, 'close')
  return port
}
