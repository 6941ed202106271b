/** A panel that is none: speaks the interface with an invented, lively day. For development and pictures only. */
import { Market, hasEnded, iso } from './market.mjs'
import { more } from './more.mjs'
import { accept } from './socket.mjs'

const TICK_MS = 50

export function createMock({ mode = process.env.MOCK_MODE ?? 'live', orders = Number(process.env.MOCK_ORDERS ?? 2400), fresh = process.env.MOCK_FRESH === '1', session = process.env.MOCK_SESSION ?? 'in' } = {}) {
  const market = new Market({ mode, orders, fresh })
  market.quiet = fresh
  const clients = new Set()
  let state = session
  let changed = {}
  const who = () => ({ state, user: 'trader', role: process.env.MOCK_ROLE ?? 'operator', csrf: 'mock', totp: false, language: null })

  const push = (delta) => {
    for (const client of clients) client({ k: 'delta', at: Date.now(), ...delta })
  }
  // Of a hundred thousand orders the mock itself would be the slow part.
  const slower = orders > 20_000 ? 20 : 1
  let ticks = 0
  setInterval(() => {
    ticks += 1
    const delta = market.tick() ?? {}
    if (ticks % (10 * slower) === 0) Object.assign(delta, { accounts: market.accountRows(), positions: market.positionRows(), status: market.statusRow(), status: market.statusRow() })
    if (ticks % (20 * slower) === 0 && market.running) {
      for (const [account, found] of Object.entries(market.equity)) found.points.push([Date.now(), market.assets(account).toFixed(2)])
      delta.equity = [market.equity[''].points.at(-1)]
      delta.risk = market.riskRows()
    }
    Object.assign(delta, changed)
    changed = {}
    if (Object.keys(delta).length) push(delta)
  }, TICK_MS).unref?.()

  const tableOf = (rows, query, keys) => {
    let found = rows
    const [text, account, symbol, side] = ['q', 'account', 'symbol', 'side'].map((name) => query.get(name))
    if (account) found = found.filter((row) => row.account === account || (row.text ?? '').includes(account))
    if (symbol) found = found.filter((row) => row.symbol === symbol)
    if (side && side !== 'all') found = found.filter((row) => row.side === side)
    if (text) found = found.filter((row) => keys.some((key) => String(row[key] ?? '').toLowerCase().includes(text.toLowerCase())))
    const by = query.get('sort')
    if (by) {
      const [key, falling] = [by.replace(/^-/, ''), by.startsWith('-')]
      const value = (row) => (Number.isFinite(Number(row[key])) && row[key] !== '' ? Number(row[key]) : row[key])
      found = [...found].sort((a, b) => (value(a) < value(b) ? -1 : value(a) > value(b) ? 1 : 0) * (falling ? -1 : 1))
    }
    const offset = Number(query.get('offset') ?? 0)
    return whole(found.slice(offset, offset + Number(query.get('limit') ?? 1000)), found.length)
  }
  const whole = (rows, total = rows.length) => ({ rows, total, at: iso(Date.now()), source: 'journal', age_s: 0.1 })
  const ofStatus = (query) => {
    const wanted = query.get('status')
    if (!wanted) return market.orders
    return market.orders.filter((row) =>
      wanted === 'working' ? !hasEnded(row) && row.status !== 'UNKNOWN' : wanted === 'unknown' ? row.status === 'UNKNOWN' : wanted === 'ended' ? hasEnded(row) : row.status === wanted,
    )
  }

  const reads = {
    session: who,
    status: () => whole([market.statusRow()]),
    accounts: () => whole(market.accountRows()),
    positions: () => whole(market.positionRows()),
    orders: (query) => tableOf(ofStatus(query), query, ['symbol', 'symbol_name', 'client_order_id', 'broker_order_id', 'venue_order_id', 'strategy']),
    fills: (query) => tableOf(market.fills, query, ['symbol', 'symbol_name', 'client_order_id', 'fill_id', 'strategy']),
    signals: (query) => tableOf(market.signals.filter((row) => !query.get('status') || row.status === query.get('status')), query, ['text', 'id', 'sender', 'door']),
    alerts: (query) => tableOf(market.alerts, query, ['text']),
    risk: () => whole(market.riskRows()),
    doors: () => whole(market.orders.length ? [{ door: 'pipe', condition: '在听', condition_en: 'listening' }, { door: 'http', condition: '在听', condition_en: 'listening', takes_keys: true }] : [{ door: 'pipe', condition: '在听', condition_en: 'listening' }]),
    timed: () => whole(market.orders.length ? [{ name: '812.1', signal: 812, state: 'waiting', state_text: '等待中', due_at: iso(Date.now() + 3e6), due_text: '14:50:00', at: iso(Date.now() + 3e6), accounts: ['11031122'], accounts_text: '11031122', symbol: '600036.SH', verb: 'buy', instruction: '买入 600036.SH 500@最新' }] : []),
    quotes: (query) => whole((query.get('symbols') ?? '').split(',').map((symbol) => market.stocks.get(symbol)).filter(Boolean).map(({ symbol, name, last, close }) => ({ symbol, name, last: last.toFixed(2), previous_close: close.toFixed(2), bid1: (last - 0.01).toFixed(2), ask1: (last + 0.01).toFixed(2), limit_up: (close * 1.1).toFixed(2), limit_down: (close * 0.9).toFixed(2), age_s: 0.3 }))),
    equity: (query) => market.equity[query.get('account') ?? ''] ?? { points: [], morning: null },
    'limits/history': () => whole(market.changes),
  }

  const cancel = (rows) => {
    const found = rows.filter((row) => !hasEnded(row) && row.status !== 'UNKNOWN')
    for (const row of found) market.settle(row, 'PENDING_CANCEL')
    changed.orders = [...(changed.orders ?? []), ...found]
    return { rows: found.length ? found.map((row) => ({ done: 'cancel', account: row.account, symbol: row.symbol, client_order_id: row.client_order_id })) : [{ done: 'nothing' }] }
  }
  const refuse = (status, code, text, text_en, more = {}) => ({ refused: status, body: { error: { code, text, text_en, ...more } } })
  const tellState = () => Object.assign(changed, { status: market.statusRow(), accounts: market.accountRows() })
  const acts = {
    'setup/link': () => ({ is_good: true, user: '', is_first: state === 'setup' }),
    setup: () => ((state = 'in'), who()),
    login: (body) => {
      if (body.password === 'wrong') return refuse(401, 'bad_login', '用户名或密码不对', 'Wrong user name or password')
      if (body.password === 'wait') return refuse(429, 'wait', '请稍候', 'wait', { wait_s: 8 })
      if (body.password === 'code' && !body.code) return refuse(401, 'code_needed', '需要动态验证码', 'a one-time code is needed')
      state = 'in'
      return who()
    },
    logout: () => ((state = 'login'), {}),
    'actions/cancel': (body) => cancel(market.orders.filter((row) => (!body.order_id || row.client_order_id === body.order_id) && (!body.account || row.account === body.account) && (!body.symbol || row.symbol === body.symbol) && (!body.side || body.side === 'all' || row.side === body.side))),
    'actions/cancel-many': (body) => cancel(market.orders.filter((row) => body.order_ids.includes(row.client_order_id))),
    'actions/halt': (body) => {
      const told = { state_who: 'panel:trader', state_why: body.why, state_since: iso(Date.now()), state_cause_text: '' }
      const wanted = body.reduce ? 'REDUCING' : 'HALTED'
      if (body.account) Object.assign(market.accounts.find((row) => row.account === body.account), { own: wanted, told })
      else Object.assign(market, { state: wanted, told })
      tellState()
      if (body.cancel_open) cancel(market.orders.filter((row) => !body.account || row.account === body.account))
      return { rows: [{ done: 'state' }] }
    },
    'actions/resume': (body) => {
      if (!['恢复', 'RESUME'].includes(body.word)) return refuse(400, 'word', '请输入「恢复」', 'type RESUME')
      for (const row of market.accounts) if (!body.account || row.account === body.account) row.own = 'ACTIVE'
      if (!body.account) Object.assign(market, { state: 'ACTIVE', told: {} })
      tellState()
      return { rows: [{ done: 'state' }] }
    },
    'actions/resolve': (body) => {
      const row = market.byId.get(body.client_order_id)
      market.settle(row, body.status === 'UNKNOWN' ? 'NEW' : body.status)
      changed.orders = [row]
      return { rows: [{ done: 'resolved' }] }
    },
    'actions/limit': (body) => {
      if (!/^(\d+(\.\d+)?%?|none)$/.test(body.value)) return refuse(400, 'value', `看不懂：${body.value}`, `not a figure: ${body.value}`)
      market.limits.set(`${body.scope} ${body.name} ${body.limit}`, body.value)
      const before = market.riskRows().find((row) => row.scope === body.scope && row.name === body.name).limits.find((row) => row.limit === body.limit)
      market.changes.unshift({ scope: body.scope, name: body.name, scope_text: before.scope_text, limit: body.limit, limit_text: before.limit_text, limit_text_en: before.limit_text_en, asked: before.value, written: before.written, asked_who: 'panel:trader', asked_why: body.why, asked_at: iso(Date.now()), asked_text: '' })
      changed.risk = market.riskRows()
      return { rows: [{ done: 'limit' }] }
    },
    'actions/confirm-limits': () => ({ rows: [{ done: 'limits' }] }),
    'actions/acknowledge': (body) => {
      const found = market.alerts.filter((row) => body.alerts === 'all' || body.alerts.includes(row.id))
      for (const row of found) Object.assign(row, { acknowledged_by: 'panel:trader', acknowledged_at: iso(Date.now()) })
      Object.assign(changed, { alerts: found, status: market.statusRow() })
      return { rows: [{ done: 'acknowledged' }] }
    },
    'actions/preview': (body) => ({ rows: [{ status: 'accepted', text: body.text, orders: [{ account: body.text.split(':')[1]?.split(' ')[0] ?? '11031122', symbol: body.text.split(' ')[1] ?? '', side: body.text.split(' ')[0], quantity: 100, price: '10.48', denial: null }] }] }),
    'actions/signal': () => ({ rows: [{ status: 'accepted', seq: market.counter }] }),
    'mock/stop-engine': () => ((market.running = false), (changed.status = market.statusRow()), {}),
    'mock/session': (body) => ((state = body.state), {}),
    'mock/drop': () => {
      for (const client of clients) client(null)
      return {}
    },
  }
  more({ market, reads, acts, whole, tableOf, refuse })

  const send = (response, status, body) => {
    response.writeHead(status, { 'Content-Type': 'application/json; charset=utf-8', 'Cache-Control': 'no-store' })
    response.end(JSON.stringify(body))
  }
  return {
    /** True when the request was the mock's to answer. */
    answer(request, response) {
      const address = new URL(request.url, 'http://mock')
      if (!address.pathname.startsWith('/api/v1/')) return false
      const name = address.pathname.slice('/api/v1/'.length)
      if (request.method === 'GET') {
        const life = /^signals\/(\d+)$/.exec(name)
        const signal = life && market.signals.find((row) => row.seq === Number(life[1]))
        if (signal) send(response, 200, { signal, timeline: market.timeline(signal) })
        else if (state !== 'in' && name !== 'session') send(response, 401, { error: { code: 'login', text: '请先登录', text_en: 'sign in first' } })
        else if (reads[name]) send(response, 200, reads[name](address.searchParams))
        else send(response, 404, { error: { code: 'not_found', text: '没有这一项', text_en: 'not found' } })
        return true
      }
      let text = ''
      request.on('data', (part) => (text += part))
      request.on('end', () => {
        const found = acts[name] ?? acts[name.replace(/\/[^/]+$/, '/*')]
        if (!found) return send(response, 404, { error: { code: 'not_found', text: '没有这一项', text_en: 'not found' } })
        const told = found(text ? JSON.parse(text) : {}, name, request.method)
        send(response, told.refused ?? 200, told.refused ? told.body : told)
      })
      return true
    },
    upgrade(request, socket) {
      if (!request.url.startsWith('/api/v1/stream')) return
      let frame = 0
      const write = accept(request, socket, { onClose: () => clients.delete(client) })
      const client = (told) => {
        if (told === null) return socket.destroy()
        if (told.k === 'delta') told = { ...told, frame: (frame += 1) }
        write(JSON.stringify(told))
      }
      clients.add(client)
      client({ k: 'hello', frame: 0, version: '0.6.0' })
    },
    market,
  }
}
