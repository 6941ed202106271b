/** The language of the page, and the one function that gives a text in it. */

import { ref, watchEffect } from 'vue'
import { words, type Key } from './words'

export type { Key } from './words'
export type Language = 'zh' | 'en'
export type Values = Record<string, string | number>

const KEPT = 'qmt-language'

function kept(): Language {
  try {
    const found = localStorage.getItem(KEPT)
    if (found === 'zh' || found === 'en') return found
  } catch {
    // Then as the browser speaks.
  }
  return navigator.language.toLowerCase().startsWith('zh') ? 'zh' : 'en'
}

export const lang = ref<Language>(kept())

watchEffect(() => {
  document.documentElement.lang = lang.value === 'zh' ? 'zh-CN' : 'en'
  document.title = t('app.name')
  try {
    localStorage.setItem(KEPT, lang.value)
  } catch {
    // Spoken all the same.
  }
})

/** The text of `key`, its `{name}` filled in from `values`. */
export function t(key: Key, values: Values = {}): string {
  const text = words[key][lang.value === 'zh' ? 0 : 1]
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole))
}

/** The text of a key that is made of a server's word, or the server's own text where the word is not known. */
export function known(prefix: string, word: string | null | undefined, otherwise: string): string {
  const key = `${prefix}.${word ?? ''}`
  return key in words ? t(key as Key) : otherwise
}

/** The server tells both: this is the one to show. */
export const told = (row: { text: string; text_en?: string }): string =>
  lang.value === 'zh' ? row.text : row.text_en || row.text
