/** The server's end of a WebSocket, as little of it as the mock needs: text out, small text in. */
import { createHash } from 'node:crypto'

const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'

export function accept(request, socket, { onText, onClose }) {
  const key = createHash('sha1').update(request.headers['sec-websocket-key'] + GUID).digest('base64')
  socket.write(`HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${key}\r\n\r\n`)
  socket.on('data', (data) => {
    const [kind, length] = [data[0] & 15, data[1] & 127]
    if (kind === 8) return socket.end()
    const begins = length === 126 ? 4 : 2
    const size = length === 126 ? data.readUInt16BE(2) : length
    if (kind !== 1 || length === 127) return
    const mask = data.subarray(begins, begins + 4)
    const text = Buffer.from(data.subarray(begins + 4, begins + 4 + size).map((byte, index) => byte ^ mask[index % 4]))
    onText?.(text.toString('utf8'))
  })
  const end = () => onClose?.()
  socket.on('close', end)
  socket.on('error', end)
  return (text) => {
    if (socket.destroyed || !socket.writable) return
    const body = Buffer.from(text, 'utf8')
    const head = body.length < 126 ? Buffer.from([0x81, body.length]) : body.length < 65536 ? Buffer.from([0x81, 126, body.length >> 8, body.length & 255]) : Buffer.alloc(10)
    if (body.length >= 65536) {
      head[0] = 0x81
      head[1] = 127
      head.writeBigUInt64BE(BigInt(body.length), 2)
    }
    socket.write(Buffer.concat([head, body]))
  }
}
