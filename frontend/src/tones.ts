/** Which colour says what: of an order's state, a signal's, an alert's, a mode's. And their words. */

import { known, lang, t } from './i18n'
import { store } from './store'
import type { Account, Importance, Mode, Order, OrderStatus, Side, Signal, SignalStatus, StateTold, TradingState } from './types'

export type Tone = 'plain' | 'up' | 'down' | 'good' | 'bad' | 'amber' | 'accent' | 'violet'

const ORDER: Record<OrderStatus, Tone> = {
  PENDING_NEW: 'accent',
  NEW: 'accent',
  PARTIALLY_FILLED: 'violet',
  FILLED: 'good',
  PENDING_CANCEL: 'amber',
  CANCELED: 'plain',
  REJECTED: 'bad',
  EXPIRED: 'plain',
  UNKNOWN: 'amber',
  NOT_SENT: 'plain',
  EXPIRED_UNRESOLVED: 'amber',
}
const SIGNAL: Record<SignalStatus, Tone> = {
  accepted: 'good',
  denied: 'bad',
  duplicate: 'plain',
  malformed: 'amber',
  busy: 'amber',
}
const STATE: Record<TradingState, Tone> = { ACTIVE: 'good', REDUCING: 'amber', HALTED: 'bad' }
const IMPORTANCE: Record<Importance, Tone> = { information: 'plain', warning: 'amber', critical: 'bad' }
const MODE: Record<Mode, Tone> = { live: 'bad', shadow: 'amber', paper: 'accent', replay: 'violet' }

export const orderTone = (order: Order): Tone => ORDER[order.status]
export const signalTone = (signal: Signal): Tone => SIGNAL[signal.status]
export const stateTone = (state: TradingState): Tone => STATE[state]
export const importanceTone = (importance: Importance): Tone => IMPORTANCE[importance]
export const modeTone = (mode: Mode): Tone => MODE[mode]
export const sideTone = (side: Side): Tone => (side === 'buy' ? 'up' : 'down')

/** As a counter's screen says it: 部撤 and 部成待撤 apart from 已撤 and 已报待撤. */
export function orderText(order: Order): string {
  if (order.observed && order.status === 'NOT_SENT') return t('order.OBSERVED')
  const part = order.filled_quantity > 0 && (order.status === 'CANCELED' || order.status === 'PENDING_CANCEL')
  return known('order', part ? `${order.status}_PART` : order.status, order.status_text)
}

/** The server's text carries counts (`已受理（2 ✓ 1 ✗）`): kept, its words replaced in English. */
export function signalText(signal: Signal): string {
  if (lang.value === 'zh') return signal.status_text
  const counts = /（(\d+ ✓ \d+ ✗)）/.exec(signal.status_text)
  return known('signal', signal.status, signal.status_text) + (counts ? ` (${counts[1]})` : '')
}

/** The door by its name; people at the panel or the command line come by the control door, which is no [[doors]]. */
export const doorText = (signal: Signal): string => (signal.door === 'control' ? t('signals.control') : signal.door)
/** Who sent it, where that says more than the door. */
export function senderText(signal: Signal): string {
  if (signal.door === 'control') return t(signal.id.startsWith('panel/') ? 'signals.byPanel' : 'signals.byCommand')
  return signal.sender === signal.door ? '' : signal.sender
}

export const sideText = (side: Side): string => t(side === 'buy' ? 'side.buy' : 'side.sell')
export const stateText = (state: TradingState): string => t(`state.${state}`)

/** Who put trading into its state, and why. */
export function causeText(row: StateTold): string {
  if (!row.state_who && !row.state_why) return ''
  const who = known('who', row.state_who, (row.state_who ?? '').replace(/^panel:/, ''))
  const why = known('why', row.state_why, row.state_why || t('stop.noWhy'))
  return t('stop.by', { who, why })
}

/** How orders are cancelled while no engine runs, if there can be any at a broker. */
export const cancelWay = (): string => known('cancelWay', store.status?.mode, t('cancelWay.live'))

export const accountTone = (account: Account): Tone => (account.ready ? stateTone(account.state) : 'bad')

/** Chinese words of a hop's detail; figures, ids and the counter's own text stay as they are. */
const DETAIL: [RegExp, string][] = [
  [/本地编号/g, 'client id'],
  [/委托编号/g, 'broker id'],
  [/合同编号/g, 'venue id'],
  [/(\d+) 个账户/g, '$1 accounts'],
  [/买入/g, 'buy'],
  [/卖出/g, 'sell'],
  [/已受理/g, 'accepted'],
  [/已拦截/g, 'denied'],
  [/（无需动作）/g, ' (nothing to do)'],
  [/（观察，未发出）/g, ' (shadow, not sent)'],
  [/人工撤单/g, 'cancelled by hand'],
  [/到时撤单/g, 'cancelled at its time'],
  [/信号 (\d+) 撤单/g, 'cancelled by signal $1'],
  [/成交/g, 'filled'],
  [/金额/g, 'value'],
  [/定时指令/g, 'timed instruction'],
  [/委托/g, 'order'],
  [/柜台：/g, 'counter: '],
  [/（时刻未记录）/g, ' (time not recorded)'],
  [/，/g, ', '],
  [/：/g, ': '],
]
export const detailText = (detail: string): string =>
  lang.value === 'zh' ? detail : DETAIL.reduce((text, [word, english]) => text.replace(word, english), detail)
