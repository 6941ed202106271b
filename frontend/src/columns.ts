/** Columns that several tables show the same way. */

import { clock, decimal, quantity } from './format'
import { t } from './i18n'
import { accountTitle, isWorking, nameOf } from './store'
import type { Column } from './table'
import { orderText, orderTone, sideText, sideTone } from './tones'
import type { Order, Side } from './types'

interface Named {
  symbol: string
  symbol_name?: string
}

/** Name above, code below: always both. */
export const symbolColumn = <T extends Named>(): Column<T> => ({
  key: 'symbol',
  title: 'col.symbol',
  width: 132,
  flex: 1.1,
  sort: true,
  text: (row) => nameOf(row.symbol, row) || row.symbol,
  below: (row) => (nameOf(row.symbol, row) ? row.symbol : ''),
})

export const accountColumn = <T extends { account: string }>(): Column<T> => ({
  key: 'account',
  title: 'col.account',
  width: 120,
  flex: 1,
  sort: true,
  text: (row) => accountTitle(row.account).split(' ')[0] ?? row.account,
  below: (row) => (accountTitle(row.account) === row.account ? '' : row.account),
})

export const sideColumn = <T extends { side: Side }>(): Column<T> => ({
  key: 'side',
  title: 'col.side',
  width: 74,
  text: (row) => sideText(row.side),
  tone: (row) => sideTone(row.side),
  tag: true,
})

export const orderColumns = (): Column<Order>[] => [
  { key: 'created_at', title: 'col.time', width: 100, sort: true, text: (row) => clock(row.created_at), below: (row) => (row.seq ? `${t('orders.signal')} ${row.seq}` : '') },
  accountColumn<Order>(),
  symbolColumn<Order>(),
  sideColumn<Order>(),
  { key: 'price', title: 'col.price', width: 96, numeric: true, sort: true, text: (row) => decimal(row.price), below: (row) => (row.average_price ? `${t('orders.averageShort')} ${decimal(row.average_price)}` : '') },
  {
    key: 'quantity', title: 'orders.filled', width: 130, numeric: true, sort: true, flash: true,
    text: (row) => `${quantity(row.filled_quantity)} / ${quantity(row.quantity)}`,
    below: (row) => (row.leaves_quantity ? `${t('orders.leaves')} ${quantity(row.leaves_quantity)}` : ''),
  },
  { key: 'status', title: 'col.status', width: 128, sort: true, flash: true, tag: true, text: orderText, tone: orderTone },
  {
    key: 'strategy', title: 'col.strategy', width: 110, flex: 0.8, sort: true,
    text: (row) => (row.foreign ? t('orders.foreign') : row.strategy || '–'),
    tone: (row) => (row.foreign ? 'amber' : row.strategy ? '' : 'quiet'),
  },
  {
    key: 'broker_order_id', title: 'orders.brokerId', width: 150, flex: 1, sort: true,
    text: (row) => row.broker_order_id || '–', below: (row) => row.venue_order_id || row.client_order_id,
  },
  { key: 'text', title: 'col.text', width: 150, flex: 1.2, text: (row) => row.text, tone: (row) => (row.status === 'REJECTED' ? 'bad' : 'quiet') },
  {
    key: 'act', title: 'orders.cancel', width: 84,
    text: (row) => (isWorking(row) ? t('orders.cancel') : ''),
    button: (row) => (isWorking(row) && row.status !== 'PENDING_CANCEL' ? t('orders.cancel') : ''),
    buttonName: (row) => t('orders.cancelOne', { symbol: row.symbol, id: row.client_order_id }),
  },
]

/** Three columns of two lines. */
export const orderPhoneColumns = (): Column<Order>[] => [
  { key: 'symbol', title: 'col.symbol', flex: 1.2, text: (row) => nameOf(row.symbol, row) || row.symbol, below: (row) => `${clock(row.created_at)} ${accountTitle(row.account).split(' ')[0]}` },
  { key: 'price', title: 'col.price', flex: 1, numeric: true, text: (row) => `${sideText(row.side)} ${decimal(row.price)}`, tone: (row) => sideTone(row.side), below: (row) => `${quantity(row.filled_quantity)} / ${quantity(row.quantity)}` },
  { key: 'status', title: 'col.status', width: 112, tag: true, text: orderText, tone: orderTone },
]
