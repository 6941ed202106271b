/** What the gate answers to a signal, or would answer: only what was refused, in the language of the page. */

import { told } from './i18n'
import type { Outcome } from './types'

interface Line {
  status?: string
  text?: string
  text_en?: string
}

const GOOD = new Set(['accepted', 'nothing', 'registered', 'queued', 'dropped', 'duplicate', undefined, ''])

/** The reasons of what was refused, each once. */
export function refusals(rows: Outcome[]): string[] {
  const lines = rows.flatMap((row) => [row as Line, ...((row['orders'] as Line[] | undefined) ?? []), ...((row['cancels'] as Line[] | undefined) ?? [])])
  const found = lines.filter((line) => !GOOD.has(line.status) && line.text)
  return [...new Set(found.map((line) => told({ text: line.text ?? '', text_en: line.text_en })))]
}
