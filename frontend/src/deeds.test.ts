import { afterEach, beforeEach, expect, test } from 'vitest'
import { aboutText, deedText, outcomeText, outcomeTone, whoText } from './deeds'
import { lang } from './i18n'
import type { Deed } from './upkeep'

const deed = (more: Partial<Deed>): Deed => ({ id: 1, at: '2026-11-27T10:00:00.000+08:00', who: 'panel:boss', address: '127.0.0.1', action: 'halt', about: {}, outcome: 'ok', ...more })
beforeEach(() => void (lang.value = 'zh'))
afterEach(() => void (lang.value = 'en'))

test('a signal of a program is not one by hand', () => {
  expect(deedText(deed({ action: 'signal' }))).toBe('手动发信号')
  const row = deed({ action: 'signal', who: 'key:gm', outcome: 'accepted' })
  expect([deedText(row), whoText(row), outcomeText(row), outcomeTone(row)]).toEqual(['程序发信号', '密钥 gm', '已受理', 'good'])
})

test('how a signal ended is told in words and never as done when it was malformed', () => {
  for (const [outcome, words, tone] of [['malformed', '格式错误', 'amber'], ['denied', '已拦截', 'bad'], ['duplicate', '重复信号', 'plain'], ['mixed', '各条不同', 'plain']] as const)
    expect([outcomeText(deed({ outcome })), outcomeTone(deed({ outcome }))]).toEqual([words, tone])
})

test('what it was about is told in words, switches only where they are on', () => {
  expect(aboutText(deed({ about: { cancel_open: 'True', reduce: 'False', why: '试' } }))).toBe('同时撤掉未成交；原因：试')
  expect(aboutText(deed({ action: 'key_add', about: { scopes: 'read,signals', key: 'k1' } }))).toBe('权限：读数据、送信号；密钥：k1')
  expect(aboutText(deed({ action: 'ignore-difference', about: { key: 'cash' } }))).toBe('差异：cash')
  lang.value = 'en'
  expect(aboutText(deed({ about: { cancel_open: 'True', order_id: '1B' } }))).toBe('open orders cancelled too; order: 1B')
})

test('whoever is not known is told as nobody known', () => expect(whoText(deed({ who: '?', action: 'refused', outcome: 'bad_key' }))).toBe('不认识的人'))
