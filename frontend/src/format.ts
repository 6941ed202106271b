/** Figures and instants as people read them; decimal text is never turned into a float to be shown. */

import { lang } from './i18n'
import type { Decimal, Instant } from './types'

export const NOTHING = '–'

/** Groups the digits of decimal text; `places` cuts or fills what follows the point. Halves go up. */
export function decimal(value: Decimal | number | null | undefined, places?: number): string {
  if (value === null || value === undefined || value === '') return NOTHING
  const text = places === undefined ? String(value) : rounded(String(value), places)
  const [, sign = '', whole = '', rest = ''] = /^(-?)(\d+)(\.\d+)?$/.exec(text) ?? []
  if (!whole) return String(value)
  return sign.replace('-', '−') + whole.replace(/\B(?=(\d{3})+$)/g, ',') + rest
}

function rounded(text: string, places: number): string {
  const [, sign = '', whole = '', rest = ''] = /^(-?)(\d+)\.?(\d*)$/.exec(text) ?? []
  if (!whole) return text
  const kept = rest.padEnd(places + 1, '0')
  let digits = BigInt(whole + kept.slice(0, places))
  if ((kept[places] ?? '0') >= '5') digits += 1n
  const all = digits.toString().padStart(places + 1, '0')
  const cut = all.length - places
  const zero = digits === 0n
  return (zero ? '' : sign) + all.slice(0, cut) + (places ? `.${all.slice(cut)}` : '')
}

/** Money of a day's result: always with its sign. */
export function signed(value: Decimal | null | undefined, places = 2): string {
  const text = decimal(value, places)
  return value !== null && value !== undefined && Number(value) > 0 ? `+${text}` : text
}

/** Adds decimal texts exactly, to the ten-thousandth. */
export function sum(values: (Decimal | null | undefined)[]): Decimal {
  const total = values.reduce((found, each) => found + units(each), 0n)
  return fromUnits(total)
}

export function subtract(left: Decimal, right: Decimal): Decimal {
  return fromUnits(units(left) - units(right))
}

export const times = (price: Decimal, count: number): Decimal => fromUnits(units(price) * BigInt(Math.round(count)))

function units(value: Decimal | null | undefined): bigint {
  const [, sign = '', whole = '0', rest = ''] = /^(-?)(\d+)\.?(\d*)$/.exec(value ?? '0') ?? []
  const found = BigInt(whole + rest.padEnd(4, '0').slice(0, 4))
  return sign ? -found : found
}

function fromUnits(value: bigint): Decimal {
  const text = (value < 0n ? -value : value).toString().padStart(5, '0')
  const rest = text.slice(-4).replace(/00$/, '')
  return `${value < 0n ? '-' : ''}${text.slice(0, -4)}.${rest}`
}

export type Direction = 'up' | 'down' | ''

export function direction(value: Decimal | number | null | undefined): Direction {
  const found = Number(value ?? 0)
  return found > 0 ? 'up' : found < 0 ? 'down' : ''
}

/** A part of a whole in per cent, for looking at only. */
export function share(part: Decimal | number | null, whole: Decimal | number | null, places = 2): string {
  const of = Number(whole ?? 0)
  if (part === null || !of) return NOTHING
  const text = ((Number(part) / of) * 100).toFixed(places)
  return `${Number(text) ? text.replace('-', '−') : text.replace('-', '')}%`
}

export const quantity = (value: number | null | undefined): string =>
  value === null || value === undefined ? NOTHING : value.toLocaleString('en-US')

/** The clock of an instant at +08:00: the text already carries it. */
export const clock = (at: Instant | null | undefined): string => (at ? at.slice(11, 19) : NOTHING)
export const clockMs = (at: Instant | null | undefined): string => (at ? at.slice(11, 23).replace('+', '') : NOTHING)
export const dayClock = (at: Instant | null | undefined): string => (at ? at.slice(5, 19).replace('T', ' ') : NOTHING)

/** How long ago, short: `3 秒`, `12 分`, `3s`, `12m`. */
export function age(seconds: number | null | undefined): string {
  if (seconds === null || seconds === undefined || !Number.isFinite(seconds)) return NOTHING
  const zh = lang.value === 'zh'
  if (seconds < 10) return `${Math.max(0, seconds).toFixed(1)}${zh ? ' 秒' : 's'}`
  if (seconds < 60) return `${Math.floor(seconds)}${zh ? ' 秒' : 's'}`
  if (seconds < 3600) return `${Math.floor(seconds / 60)}${zh ? ' 分' : 'm'}`
  if (seconds < 86400) return `${Math.floor(seconds / 3600)}${zh ? ' 小时' : 'h'}`
  return `${Math.floor(seconds / 86400)}${zh ? ' 天' : 'd'}`
}

/** Milliseconds of a hop: three places below ten, none above a thousand. */
export function milliseconds(value: number | null): string {
  if (value === null) return NOTHING
  return value < 10 ? value.toFixed(3) : value < 1000 ? value.toFixed(1) : Math.round(value).toLocaleString('en-US')
}

/** For axes, as exact as their steps are: 2,146,500 → 214.65万. */
export function brief(value: number): string {
  const zh = lang.value === 'zh'
  const size = Math.abs(value)
  if (zh && size >= 1e8) return `${(value / 1e8).toFixed(4)}亿`
  if (zh && size >= 1e4) return `${(value / 1e4).toFixed(2)}万`
  if (!zh && size >= 1e8) return `${(value / 1e6).toFixed(2)}M`
  return Math.round(value).toLocaleString('en-US')
}
