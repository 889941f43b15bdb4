/** A real nginx before a node, with as little said to it as people say. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
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

const running = new Set()
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})

export async function startNginx(node, upgrades) {
  const folder = await mkdtemp(join(tmpdir(), 'easel-nginx-'))
  const address = `127.0.0.1:${await freePort()}`
  const file = join(folder, 'nginx.conf')
  const log = []
  let child

  const write = (chosen) => writeFileSync(file, configuration(folder, address, node.address, chosen))
  const answers = () => fetch(`http://${address}/healthz`).then((answer) => answer.ok, () => false)

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
  await nginx.start(upgrades)
  return nginx
}

function configuration(folder, address, upstream, upgrades) {
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
      upstream node { server ${upstream}; }
      server {
        listen ${address};
        location / {
          proxy_pass http://node;
          proxy_set_header Host $http_host;
        }
        ${upgrades}
      }
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
