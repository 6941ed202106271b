import { describe, expect, test } from 'vitest'
import { decimal, direction, milliseconds, share, signed, subtract, sum, times } from './format'

describe('decimal text', () => {
  test('is grouped and never becomes a float', () => {
    expect(decimal('1060974.99')).toBe('1,060,974.99')
    expect(decimal('9007199254740993.01')).toBe('9,007,199,254,740,993.01')
    expect(decimal('-0.5')).toBe('−0.5')
    expect(decimal(null)).toBe('–')
  })
  test('is rounded half up to the places that are wanted', () => {
    expect(decimal('10.4809', 2)).toBe('10.48')
    expect(decimal('10.485', 2)).toBe('10.49')
    expect(decimal('999.995', 2)).toBe('1,000.00')
    expect(decimal('-0.001', 2)).toBe('0.00')
    expect(decimal('7', 2)).toBe('7.00')
    expect(decimal('54690.4', 0)).toBe('54,690')
  })
  test('adds, subtracts and multiplies exactly', () => {
    expect(sum(['0.1', '0.2', null])).toBe('0.30')
    expect(sum(['10.4809', '-0.0009'])).toBe('10.48')
    expect(subtract('1.00', '2.5')).toBe('-1.50')
    expect(times('36.11', 200)).toBe('7222.00')
  })
})

test('a result carries its sign, and nothing has none', () => {
  expect(signed('12.5')).toBe('+12.50')
  expect(signed('-12.5')).toBe('−12.50')
  expect(signed('0.00')).toBe('0.00')
  expect(direction('0.00')).toBe('')
  expect(direction('-0.01')).toBe('down')
})

test('a share of nothing is not told', () => {
  expect(share('5', '0')).toBe('–')
  expect(share('-1', '200')).toBe('−0.50%')
  expect(share('-1', '10000000')).toBe('0.00%')
})

test('milliseconds have three places where they are few', () => {
  expect(milliseconds(0.124)).toBe('0.124')
  expect(milliseconds(113.099)).toBe('113.1')
  expect(milliseconds(3001.2)).toBe('3,001')
})
