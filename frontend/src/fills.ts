/** Fills summed up, exactly. */

import { subtract, sum, times } from './format'
import type { Decimal, Fill } from './types'

export interface FillGroup {
  name: string
  symbol: string
  count: number
  bought: Decimal
  sold: Decimal
  net: Decimal
  fee: Decimal
  /** In yuan, of the fills whose slippage is known; null where it is of none. */
  slippage: Decimal | null
  boughtQuantity: number
  soldQuantity: number
}

export const valueOf = (fill: Fill): Decimal => times(fill.price, fill.quantity)

export function groupFills(fills: Fill[], key: (fill: Fill) => string): FillGroup[] {
  const groups = new Map<string, Fill[]>()
  for (const fill of fills) {
    const found = groups.get(key(fill))
    if (found) found.push(fill)
    else groups.set(key(fill), [fill])
  }
  return [...groups].map(([name, rows]) => {
    const [bought, sold] = [rows.filter((row) => row.side === 'buy'), rows.filter((row) => row.side === 'sell')]
    const [paid, got] = [sum(bought.map(valueOf)), sum(sold.map(valueOf))]
    const slipped = rows.flatMap((row) => (row.slippage == null ? [] : [times(row.slippage, row.quantity)]))
    const count = (of: Fill[]): number => of.reduce((found, row) => found + row.quantity, 0)
    return {
      name, symbol: rows[0]?.symbol ?? '', count: rows.length, bought: paid, sold: got, net: subtract(paid, got),
      fee: sum(rows.map((row) => row.fee)), slippage: slipped.length ? sum(slipped) : null, boughtQuantity: count(bought), soldQuantity: count(sold),
    }
  })
}
