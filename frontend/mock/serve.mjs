/** Serves the built pages with the mock panel and the panel's own content policy: `node mock/serve.mjs [port]`. */
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { extname, join, normalize } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createMock } from './panel.mjs'

const PAGES = fileURLToPath(new URL('../../src/qmt_trading/panel/pages/', import.meta.url))
const POLICY = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
const KINDS = { '.html': 'text/html; charset=utf-8', '.js': 'text/javascript; charset=utf-8', '.css': 'text/css; charset=utf-8', '.svg': 'image/svg+xml', '.txt': 'text/plain; charset=utf-8' }

const mock = createMock()
const server = createServer(async (request, response) => {
  if (mock.answer(request, response)) return
  const path = normalize(decodeURIComponent(new URL(request.url, 'http://mock').pathname))
  const file = join(PAGES, path === '/' ? 'index.html' : path)
  try {
    const found = await readFile(file)
    response.writeHead(200, { 'Content-Type': KINDS[extname(file)] ?? 'application/octet-stream', 'Content-Security-Policy': POLICY })
    response.end(found)
  } catch {
    response.writeHead(404).end()
  }
})
server.on('upgrade', (request, socket) => mock.upgrade(request, socket))
server.listen(Number(process.argv[2] ?? 8899), '127.0.0.1')
