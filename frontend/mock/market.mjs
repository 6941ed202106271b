/** An invented day of trading: accounts, stocks, orders and signals that move as a real day does. */

const STOCKS = [
  ['600000.SH', '浦发银行', 10.48], ['600036.SH', '招商银行', 43.56], ['601318.SH', '中国平安', 51.82], ['000001.SZ', '平安银行', 11.43],
  ['300750.SZ', '宁德时代', 263.05], ['600519.SH', '贵州茅台', 1485.13], ['002594.SZ', '比亚迪', 108.7], ['688981.SH', '中芯国际', 96.4],
  ['510300.SH', '沪深300ETF', 4.1], ['000858.SZ', '五粮液', 131.45], ['600900.SH', '长江电力', 28.57], ['159915.SZ', '创业板ETF', 2.24],
]
const ACCOUNTS = [['11031122', '一号'], ['11031123', '二号'], ['11031124', '三号']]
const STRATEGIES = ['打板', '网格T0', 'ETF轮动', '双均线', '']
const ENDED = new Set(['FILLED', 'CANCELED', 'REJECTED', 'EXPIRED', 'NOT_SENT'])

let seed = 20261126
export function random() {
  seed = (seed * 1664525 + 1013904223) >>> 0
  return seed / 2 ** 32
}
const pick = (list) => list[Math.floor(random() * list.length)]
const money = (value) => value.toFixed(2)
export const iso = (ms) => new Date(ms + 8 * 3600e3).toISOString().replace('Z', '+08:00')
const SIDES = { buy: '买入', sell: '卖出' }
const TEXTS = {
  PENDING_NEW: '待报', NEW: '已报', PARTIALLY_FILLED: '部成', FILLED: '已成', PENDING_CANCEL: '已报待撤', CANCELED: '已撤', REJECTED: '废单',
  UNKNOWN: '待核实', NOT_SENT: '未发出',
}

export class Market {
  constructor({ orders = 2400, mode = 'live', fresh = false } = {}) {
    this.mode = mode
    this.state = 'ACTIVE'
    this.told = {}
    this.running = true
    this.started = Date.now()
    this.opened = this.started - 95 * 60e3
    this.stocks = new Map(STOCKS.map(([symbol, name, close]) => [symbol, { symbol, name, close, last: close * (0.97 + random() * 0.06) }]))
    this.accounts = ACCOUNTS.map(([account, name], index) => ({ account, name, own: 'ACTIVE', cash: fresh ? 1e6 : 427800 - index * 91000, frozen: fresh ? 0 : 18230 * index, told: {} }))
    this.positions = []
    this.orders = []
    this.byId = new Map()
    this.fills = []
    this.signals = []
    this.alerts = []
    this.limits = new Map()
    this.changes = []
    this.lives = new Map()
    this.counter = 0
    if (!fresh) this.begin(orders)
    this.equity = Object.fromEntries(['', ...ACCOUNTS.map(([account]) => account)].map((account) => [account, this.curve(account)]))
  }

  begin(count) {
    for (const row of this.accounts)
      for (const { symbol, name, last } of [...this.stocks.values()].filter(() => random() < 0.62)) {
        const quantity = Math.max(1, Math.round((60000 + random() * 240000) / last / 100)) * 100
        const bought = random() < 0.25 ? 100 : 0
        this.positions.push({ account: row.account, symbol, symbol_name: name, quantity, bought, frozen: 0, price: last * (0.94 + random() * 0.1), realised: random() < 0.3 ? (random() - 0.4) * 4000 : 0 })
      }
    const step = (this.started - this.opened) / count
    for (let index = 0; index < count; index += 1) this.message(this.opened + index * step, index > count - 9)
    const stock = this.stocks.get('600000.SH')
    for (const account of ['11031122', '11031123']) this.order({ account, stock, side: 'buy', quantity: 1000, status: 'UNKNOWN', at: this.started - 42e3, seq: this.counter })
    this.order({ account: '11031123', stock: this.stocks.get('601318.SH'), side: 'sell', quantity: 500, status: 'NEW', at: this.started - 1810e3, foreign: true, seq: 0 })
    const told = [
      [3900, 'information', 'MORNING', '盘前检查通过：3 个账户', 'the morning check has passed for 3 accounts', null],
      [2100, 'warning', 'FOREIGN_ORDER', '二号 11031123 出现外部委托：601318.SH 卖出 500@52.10', 'a foreign order at 11031123: 601318.SH sell 500@52.10', '11031123'],
      [760, 'warning', 'LIMIT_NEAR', '三号 11031124 当日买入额已用 86%', '11031124 has used 86% of what it may buy today', '11031124'],
      [41, 'critical', 'ORDER_UNKNOWN', '600000.SH 买入 1000 待核实：柜台没有应答，不会重发', 'outcome unknown: 600000.SH buy 1000; the broker has not answered, it is not sent again', '11031122'],
    ]
    for (const [ago, importance, code, text, text_en, account] of told) this.alert(this.started - ago * 1000, importance, code, text, text_en, account)
    this.alerts[0].acknowledged_by = null
  }

  alert(at, importance, code, text, text_en, account) {
    this.alerts.push({ id: this.alerts.length + 1, at: iso(at), importance, importance_text: { information: '提示', warning: '注意', critical: '紧急' }[importance], code, text, text_en, account, symbol: null, client_order_id: null, acknowledged_by: null, acknowledged_at: null })
  }

  /** Walks from the morning's assets to those of now. */
  curve(account) {
    const now = this.assets(account)
    const profit = this.positionRows().filter((row) => !account || row.account === account).reduce((found, row) => found + Number(row.day_profit), 0)
    const steps = Math.floor((this.started - this.opened) / 10e3)
    const walk = [0]
    for (let index = 0; index < steps; index += 1) walk.push(walk.at(-1) + (random() - 0.5) * now * 0.00022)
    const bend = walk.at(-1)
    const points = walk.map((value, index) => [this.opened + index * 10e3, money(now - profit + value + ((profit - bend) * index) / steps)])
    return { points: this.orders.length ? points : [], morning: money(now - profit) }
  }

  assets(account) {
    return this.accounts.filter((row) => !account || row.account === account).reduce((found, row) => found + row.cash + row.frozen + this.value(row.account), 0)
  }

  value(account) {
    return this.positions.filter((row) => row.account === account).reduce((found, row) => found + row.quantity * this.stocks.get(row.symbol).last, 0)
  }

  /** One signal with what follows from it. */
  message(at, live) {
    const stock = pick([...this.stocks.values()])
    const side = random() < 0.58 ? 'buy' : 'sell'
    const chosen = random() < 0.25 ? this.accounts : [pick(this.accounts)]
    const quantity = (1 + Math.floor(random() * 30)) * 100
    const seq = (this.counter += 1)
    const luck = random()
    const status = luck < 0.86 ? 'accepted' : luck < 0.95 ? 'denied' : luck < 0.98 ? 'duplicate' : 'malformed'
    const price = money(stock.last)
    const signal = {
      seq, id: random() < 0.8 ? `a/${seq}` : '', door: pick(['pipe', 'pipe', 'http', 'folder']), sender: pick(['盘口监控', '聚宽', 'a', '通达信']), status,
      status_text: { accepted: '已受理', denied: '已拦截', duplicate: '重复信号，未再下单', malformed: '格式错误' }[status],
      received_at: iso(at), text: `${side} ${stock.symbol} ${quantity}@${price}:${chosen.map((row) => row.account).join(',')} #a/${seq}`, orders: [], cancels: [], reasons: [],
    }
    if (status === 'denied') signal.reasons = [pick([
      { reason: 'CASH_EXCEEDED', text: '资金不足：需 361,938.86，可用 91,722.92', text_en: 'not enough cash: needs 361,938.86, available 91,722.92' },
      { reason: 'ORDER_VALUE_EXCEEDED', text: '单笔超限：112,000 > 100,000（上限在 风控→单笔金额）', text_en: 'an order too large: 112,000 > 100,000' },
      { reason: 'SELLABLE_EXCEEDED', text: '可卖不足：要卖 1000，可卖 600（今日买入 400 次日可卖）', text_en: 'not enough to sell: 1000 wanted, 600 sellable' },
      { reason: 'DEVIATION', text: `偏离最新价 2.8% > 2%`, text_en: '2.8% from the last price > 2%' },
    ])]
    if (status === 'malformed') { signal.text = 'buy 60000 100@'; signal.reasons = [{ reason: 'SYMBOL', text: '代码看不懂：60000；六位数字加 .SH、.SZ 或 .BJ', text_en: 'not a symbol: 60000; six digits and .SH, .SZ or .BJ' }] }
    const made = []
    if (status === 'accepted') for (const row of chosen) {
      const fate = random()
      const state = live ? 'NEW' : fate < 0.72 ? 'FILLED' : fate < 0.93 ? 'CANCELED' : fate < 0.97 ? 'REJECTED' : 'FILLED'
      const order = this.order({ account: row.account, stock, side, quantity, status: state, at: at + 2, seq })
      signal.orders.push(order.client_order_id)
      made.push(order)
    }
    this.signals.push(signal)
    return { signal, orders: made }
  }

  order({ account, stock, side, quantity, status, at, seq, foreign = false }) {
    const number = this.orders.length + 1
    const price = money(stock.last * (status === 'NEW' ? (side === 'buy' ? 0.985 : 1.015) : 1))
    const filled = status === 'FILLED' ? quantity : status === 'CANCELED' && random() < 0.2 ? 100 * Math.floor(quantity / 200) : 0
    const row = {
      client_order_id: foreign ? `X${number}` : `CYE05${String(number).padStart(8, '0')}`, account, symbol: stock.symbol, symbol_name: stock.name, side, side_text: SIDES[side], quantity, price,
      status, status_text: TEXTS[status], filled_quantity: 0, leaves_quantity: 0, average_price: null,
      broker_order_id: status === 'UNKNOWN' ? '' : String(1000000 + number), venue_order_id: status === 'UNKNOWN' ? '' : `A${String(number).padStart(9, '0')}`, foreign, observed: false,
      strategy: foreign ? '' : pick(STRATEGIES), seq: seq || null, created_at: iso(at), updated_at: iso(at + 90),
      text: status === 'REJECTED' ? pick(['可用资金不足[251005]', '证券停牌[258120]']) : status === 'UNKNOWN' ? '柜台没有应答' : '',
    }
    this.orders.push(row)
    this.byId.set(row.client_order_id, row)
    if (filled) this.fill(row, filled, at + 110)
    this.settle(row, status)
    return row
  }

  settle(row, status) {
    row.status = status
    row.status_text = row.filled_quantity && status === 'CANCELED' ? '部撤' : row.filled_quantity && status === 'PENDING_CANCEL' ? '部成待撤' : TEXTS[status]
    row.leaves_quantity = ENDED.has(status) ? 0 : row.quantity - row.filled_quantity
  }

  fill(row, quantity, at) {
    const found = {
      fill_id: `F${String(this.fills.length + 1).padStart(9, '0')}`, account: row.account, symbol: row.symbol, symbol_name: row.symbol_name, side: row.side, side_text: row.side_text, price: row.price, quantity,
      fee: money(Math.max(5, Number(row.price) * quantity * 0.00025)), client_order_id: row.client_order_id, venue_order_id: row.venue_order_id, filled_at: iso(at), strategy: row.strategy, slippage: random() < 0.7 ? '0.00' : money((random() - 0.3) * 0.03),
    }
    row.filled_quantity += quantity
    row.average_price = row.price
    row.updated_at = iso(at)
    this.fills.push(found)
    return found
  }

  /** A twentieth of a second: what changed. */
  tick() {
    if (!this.running) return null
    const delta = {}
    const prices = {}
    for (const stock of this.stocks.values())
      if (random() < 0.12) {
        stock.last = Math.max(stock.close * 0.9, Math.min(stock.close * 1.1, stock.last * (1 + (random() - 0.5) * 0.0008)))
        prices[stock.symbol] = money(stock.last)
      }
    if (Object.keys(prices).length) delta.prices = prices
    const orders = new Map()
    if (this.state === 'ACTIVE' && !this.quiet && random() < 0.02) {
      const { signal, orders: made } = this.message(Date.now(), true)
      delta.signals = [signal]
      for (const row of made) orders.set(row.client_order_id, row)
    }
    for (const row of this.orders.slice(-60)) {
      if (row.status === 'PENDING_CANCEL' && random() < 0.08) { this.settle(row, 'CANCELED'); row.updated_at = iso(Date.now()); orders.set(row.client_order_id, row) }
      else if ((row.status === 'NEW' || row.status === 'PARTIALLY_FILLED') && !row.foreign && random() < 0.006) {
        const part = random() < 0.5 ? Math.min(row.leaves_quantity, 100 * Math.max(1, Math.floor(row.leaves_quantity / 300))) : row.leaves_quantity
        delta.fills = [...(delta.fills ?? []), this.fill(row, part, Date.now())]
        this.settle(row, row.filled_quantity >= row.quantity ? 'FILLED' : 'PARTIALLY_FILLED')
        orders.set(row.client_order_id, row)
      }
    }
    if (orders.size) delta.orders = [...orders.values()]
    return delta
  }

  statusRow() {
    const working = this.orders.filter((row) => !ENDED.has(row.status) && row.status !== 'UNKNOWN').length
    const unknown = this.orders.filter((row) => row.status === 'UNKNOWN').length
    return {
      mode: this.mode, mode_text: { live: '实盘', shadow: '观察（只看不下）', paper: '模拟', replay: '回放' }[this.mode], day: iso(Date.now()).slice(0, 10), at: iso(Date.now()), state: this.state, state_text: this.state,
      ...this.told, accounts_halted: [], accounts_halted_text: [], submits_closed: null, accounts: 3, accounts_ready: 3, signals: this.signals.length, orders: this.orders.length, working_orders: working, unknown_orders: unknown,
      differences: 0, differences_text: [], waiting_instructions: 1, fills: this.fills.length, malformed: 2, brakes_tripped: [], limits_near: [], turns: 90211, running: this.running,
      engine: { running: this.running, age_s: this.running ? 0.1 : 94 }, version: '0.6.0', phase: { code: 'continuous', text: '连续竞价', text_en: 'Continuous', until: `${iso(Date.now()).slice(0, 10)}T11:30:00+08:00` },
      clock_offset_ms: -12.4, quote_age_s: 0.3, counts: { orders: this.orders.length, working, unknown, fills: this.fills.length, signals: this.signals.length, alerts: this.alerts.length },
      unacknowledged: this.alerts.filter((row) => !row.acknowledged_at && row.importance !== 'information').length,
    }
  }

  accountRows() {
    return this.accounts.map((row) => {
      const value = this.value(row.account)
      const held = this.positionRows().filter((each) => each.account === row.account)
      const state = this.state !== 'ACTIVE' ? this.state : row.own
      return {
        account: row.account, name: row.name, terminal: 'qmt', state, state_text: state, own_state: row.own, ...(row.own !== 'ACTIVE' ? row.told : this.told), link: 'connected', link_text: '已连接', ready: this.running,
        available_cash: money(row.cash), frozen_cash: money(row.frozen), market_value: money(value), total_assets: money(row.cash + row.frozen + value),
        working_orders: this.orders.filter((each) => each.account === row.account && !ENDED.has(each.status)).length, unknown_orders: this.orders.filter((each) => each.account === row.account && each.status === 'UNKNOWN').length,
        reconciled_at: iso(Date.now() - 40e3), differences: row.account === '11031124' && this.orders.length ? [{ what: 'position', symbol: '600036.SH', ours: 1200, broker: 1100, text: '600036.SH 1200≠1100', since: iso(this.started - 260e3), state: 'proven', state_text: '已证实' }] : [], differences_text: null,
        day_profit: money(held.reduce((found, each) => found + Number(each.day_profit), 0)), floating_profit: money(held.reduce((found, each) => found + Number(each.floating_profit), 0)), condition: 'ready', condition_text: '已连接', condition_told: '已核对', condition_told_en: 'connected and compared', morning_red: [], morning_closed: [], morning_accepted: [],
      }
    })
  }

  positionRows() {
    return this.positions.map(({ bought, frozen, price, realised, ...row }) => {
      const { last, close } = this.stocks.get(row.symbol)
      return { ...row, sellable_quantity: Math.max(0, row.quantity - bought - frozen), frozen_quantity: frozen, cost: money(price * row.quantity), cost_price: price.toFixed(4), realised: money(realised), last_price: money(last), day_profit: money((last - close) * row.quantity + realised), floating_profit: money((last - price) * row.quantity) }
    })
  }

  riskRows() {
    const limit = (scope, name, key, text, en, value, used, percent, unit = '') => {
      const set = this.limits.get(`${scope} ${name} ${key}`)
      const shown = set ?? value
      const grouped = (each) => (typeof each === 'number' ? String(each) : each.replace(/\B(?=(\d{3})+(?!\d))/g, (m, p, at, whole) => (whole.indexOf('.') >= 0 && at > whole.indexOf('.') ? '' : ',')))
      return { limit: key, limit_text: text, limit_text_en: en, value: shown, value_text: grouped(shown) + unit, used, used_text: used === null ? null : grouped(used), symbol: key.startsWith('position') ? '600519.SH' : null, fullness_percent: percent, written: value, source: set ? 'set' : 'file', source_text: set ? '今天设' : '配置' }
    }
    const common = (scope, name, orders, factor) => [
      limit(scope, name, 'order_value_max', '单笔金额', 'value of an order', '100000.00', null, null),
      limit(scope, name, 'position_share_max', '单票占比', "position's share of the assets", '20%', `${(11 + 3 * factor).toFixed(1)}%`, Math.round(55 + 15 * factor)),
      limit(scope, name, 'buy_value_per_day_max', '当日买入额', 'bought in the day', '1500000.00', money(610000 * (1 + factor)), Math.round(40.6 * (1 + factor))),
      limit(scope, name, 'working_orders_max', '未成交笔数', 'working orders', 50, 7 + factor * 3, 14 + factor * 6),
      limit(scope, name, 'orders_per_second_max', '每秒委托笔数', 'orders within a second', 5, factor, factor * 20),
      limit(scope, name, 'orders_per_day_max', '当日委托笔数', 'orders in the day', 1200, Math.min(1200, orders), Math.min(100, Math.round(orders / 12))),
      limit(scope, name, 'loss_reducing', '当日亏损转只卖', "day's loss that reduces", '2%', `${(0.3 + factor * 0.4).toFixed(2)}%`, Math.round(15 + factor * 20)),
      limit(scope, name, 'loss_halting', '当日亏损停止', "day's loss that halts", '4%', `${(0.3 + factor * 0.4).toFixed(2)}%`, Math.round(8 + factor * 10)),
      limit(scope, name, 'cancel_share_warn', '撤单率告警', 'share of cancels, only told', '50%', '21.4%', 43),
      limit(scope, name, 'deviation_max', '偏离最新价', 'distance from the last price', '2%', null, null),
    ]
    const cancelled = (account) => this.orders.filter((row) => (!account || row.account === account) && row.status === 'CANCELED').length
    const scope = (kind, name, title, text, orders, limits, account) => ({ scope: kind, name, title, scope_text: text, scope_kind_text: text.split(' ')[0], orders, cancels: cancelled(account), canceled_orders: cancelled(account), bought: '1832110.00', sold: '1211042.00', working_orders: 9, unknown_orders: 0, day_profit: '-1220.02', day_profit_share: '-0.11%', brakes_tripped: [], limits })
    return [
      scope('total', '', '', '合计', this.orders.length, [limit('total', '', 'messages_per_second_max', '每秒委托加撤单', 'orders and cancels within a second', 280, 6, 2), limit('total', '', 'messages_per_day_max', '当日委托加撤单', 'orders and cancels in the day', 18000, this.orders.length + cancelled(''), Math.round((this.orders.length + cancelled('')) / 180))], ''),
      ...this.accounts.map((row, index) => scope('account', row.account, row.name, `账户 ${row.account} ${row.name}`, this.orders.filter((each) => each.account === row.account).length, common('account', row.account, this.orders.filter((each) => each.account === row.account).length, index * 0.56), row.account)),
      scope('door', 'pipe', '', '通道 pipe', 1100, [limit('door', 'pipe', 'orders_per_day_max', '当日委托笔数', 'orders in the day', 5000, 1100, 22)], ''),
    ]
  }

  timeline(signal) {
    const start = Date.parse(signal.received_at)
    const hop = (ms, kind, text, detail, account) => ({ seq: signal.seq, at: iso(start + ms), milliseconds: Number(ms.toFixed(3)), hop: kind, hop_text: text, detail, account })
    const orders = signal.orders.map((name) => this.byId.get(name)).filter(Boolean)
    const where = orders.length > 1 ? `${orders.length} 个账户` : (orders[0]?.account ?? null)
    const hops = [hop(0, 'received', '收到', signal.text, where), hop(0.124, 'decided', '风控', signal.status_text + (signal.reasons[0] ? `：${signal.reasons[0].text}` : ''), where)]
    for (const row of orders) {
      hops.push(hop(1.498, 'on_disk', '落盘', `本地编号 ${row.client_order_id}`, row.account), hop(1.542, 'sent', '发出', `${row.symbol} ${row.side_text} ${row.quantity}@${row.price}`, row.account))
      if (row.status === 'UNKNOWN') { hops.push(hop(3001.2, 'now', '待核实', '成交 0/1000，柜台没有应答', row.account)); continue }
      hops.push(hop(11.184, 'answered', '柜台应答', `委托编号 ${row.broker_order_id}，合同编号 ${row.venue_order_id}`, row.account))
      for (const fill of this.fills.filter((each) => each.client_order_id === row.client_order_id)) hops.push(hop(Math.max(12, Date.parse(fill.filled_at) - start), 'filled', '成交', `${fill.quantity}@${fill.price} 金额 ${money(fill.quantity * Number(fill.price))}`, row.account))
      hops.push(hop(Math.max(12, Date.parse(row.updated_at) - start) + 1, ENDED.has(row.status) ? 'ended' : 'now', row.status_text, `成交 ${row.filled_quantity}/${row.quantity}${row.text ? `，柜台：${row.text}` : ''}`, row.account))
    }
    return hops.sort((a, b) => a.milliseconds - b.milliseconds)
  }
}

export const hasEnded = (row) => ENDED.has(row.status)
