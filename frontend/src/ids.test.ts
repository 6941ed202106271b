import { expect, test } from 'vitest'
import { fresh, named } from './ids'

test('an id is of letters that the engine takes, and another each time', () => {
  expect(fresh()).toMatch(/^panel\/[a-z0-9]{12}$/)
  expect(fresh()).not.toBe(fresh())
})

test('each line gets an id, the same one each time, and keeps its own', () => {
  const text = 'buy 600000.SH 100:1\n撤单 600000.SH:1 #mine/1\n\n<000001.SZ#1>'
  const sent = 'buy 600000.SH 100:1 #panel/x-1\n撤单 600000.SH:1 #mine/1\n\n<000001.SZ#1>'
  expect(named(text, 'panel/x')).toBe(sent)
  expect(named(text, 'panel/x')).toBe(sent)
})

test('one of JSON gets an id, one in the old form has no place for it', () => {
  expect(JSON.parse(named('{"action":"buy",\n"symbol":"600000.SH"}', 'panel/x'))).toEqual({ action: 'buy', symbol: '600000.SH', id: 'panel/x-1' })
  const two = named('{"action":"buy"}\n{"action":"sell"}', 'panel/x').split('\n').map((line) => JSON.parse(line) as unknown)
  expect(two).toEqual([{ action: 'buy', id: 'panel/x-1' }, { action: 'sell', id: 'panel/x-2' }])
  for (const text of ['{"id":"a","action":"buy"}', '{"type":"trade_signal","symbol":"600000.SH"}', '{broken']) expect(named(text, 'panel/x')).toBe(text)
})

test('a basket of JSON gets one id, in its first object, and keeps its figures as they were written', () => {
  const basket = '[{"action":"buy","price":10.50},\n {"action":"sell","note":"a{b"}]'
  const sent = '[{"id":"panel/x-1","action":"buy","price":10.50}, {"action":"sell","note":"a{b"}]'
  expect(named(basket, 'panel/x')).toBe(sent)
  expect(named(basket, 'panel/x')).toBe(sent)
  expect(named('[{}]', 'panel/x')).toBe('[{"id":"panel/x-1"}]')
  for (const text of ['[]', '[1]', '[[{"a":1}]]', '["{"]', '[{"action":"buy"},{"id":"a"}]', '[{"type":"trade_signal"}]', '[{"action":"buy"}', '[null,{"a":1}]']) {
    expect(named(text, 'panel/x')).toBe(text)
  }
})
