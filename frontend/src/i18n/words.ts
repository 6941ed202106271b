/** Every text of the page in both languages, side by side: one that lacks a language does not compile. */

import common from './words/common'
import deeds from './words/deeds'
import known from './words/known'
import login from './words/login'
import orders from './words/orders'
import overview from './words/overview'
import later from './words/later'
import positions from './words/positions'
import risk from './words/risk'
import signals from './words/signals'
import stop from './words/stop'

/** [中文, English] */
export type Pair = readonly [zh: string, en: string]

export const words = {
  ...common,
  ...known,
  ...login,
  ...overview,
  ...stop,
  ...orders,
  ...signals,
  ...positions,
  ...risk,
  ...later,
  ...deeds,
} as const satisfies Record<string, Pair>

export type Key = keyof typeof words
