import { expect, test } from 'vitest'
import { lang, t } from '.'
import { words } from './words'

test('every text has both languages, and the same names in both', () => {
  const names = (text: string): string => [...text.matchAll(/\{(\w+)\}/g)].map((found) => found[1]).sort().join()
  for (const [key, [chinese, english]] of Object.entries(words)) {
    expect(chinese, key).not.toBe('')
    expect(english, key).not.toMatch(/[\u4e00-\u9fff]/)
    expect(names(english), key).toBe(names(chinese))
  }
})

test('a text is filled in', () => {
  lang.value = 'zh'
  expect(t('stop.step2', { n: 3, m: 7 })).toBe('撤单中 3 / 7')
  lang.value = 'en'
  expect(t('stop.step2', { n: 3, m: 7 })).toBe('Cancelling 3 of 7')
})
