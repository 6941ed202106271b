/** The words of the audit: who, what, about what and how it ended, of what stands there as codes. */

import { known, lang, t } from './i18n'
import type { Tone } from './tones'
import type { Deed } from './upkeep'

const GOOD = new Set(['ok', 'accepted'])
const PLAIN = new Set(['duplicate', 'mixed', 'wait'])
/** Switches: said where they are on, and not at all where they are off. */
const ON = 'True'

export const whoText = (row: Deed): string =>
  row.who === '?' ? t('settings.nobody') : row.who.startsWith('key:') ? t('settings.byKey', { name: row.who.slice(4) }) : row.who.replace(/^panel:/, '')

export const deedText = (row: Deed): string =>
  row.action === 'signal' && row.who.startsWith('key:') ? t('deed.signalByKey') : known('deed', row.action, row.action)

export const outcomeText = (row: Deed): string => known('outcome', row.outcome, known('signal', row.outcome, row.outcome))

export const outcomeTone = (row: Deed): Tone => (GOOD.has(row.outcome) ? 'good' : PLAIN.has(row.outcome) ? 'plain' : row.outcome === 'denied' ? 'bad' : 'amber')

export function aboutText(row: Deed): string {
  const between = lang.value === 'zh' ? '：' : ': '
  return Object.entries(row.about)
    .filter(([, value]) => value !== 'False')
    .map(([name, value]) => {
      const title = known('about', name === 'key' && row.action === 'ignore-difference' ? 'difference' : name, name)
      return value === ON ? title : `${title}${between}${worded(name, value)}`
    })
    .join(lang.value === 'zh' ? '；' : '; ')
}

function worded(name: string, value: string): string {
  if (name === 'scopes') return value.split(',').map((each) => (each === 'signals' ? t('settings.scopeSignals') : each === 'read' ? t('settings.scopeRead') : each)).join(lang.value === 'zh' ? '、' : ', ')
  if (name === 'role') return value === 'viewer' ? t('settings.viewer') : value === 'operator' ? t('settings.operator') : value
  if (name === 'side') return known('side', value, value)
  if (name === 'status') return known('order', value, value)
  if (name === 'scope') return known('scope', value, value)
  return value
}
