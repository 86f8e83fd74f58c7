import { describe, expect, it } from 'vitest'
import { utf8 } from '../../src/lib/bytes.ts'
import { parseJson } from '../../src/lib/json.ts'

describe('strict JSON', () => {
  it.each([
    '{}',
    '"a:b"',
    '{"a":1,"b":{"a":2},"c":[{"a":3}]}',
    '{"a:b":"c:d"}',
    String.raw`{"a\":\"b":"\\","c":"\\\":"}`,
    '["a", ":", {"a" \n: [":b", "a"]}]',
  ])('reads %s', (text) => {
    expect(parseJson(utf8(text))).toEqual(JSON.parse(text))
  })

  it.each(['{"a":1,"a":2}', String.raw`{"a":1,"\u0061":2}`, '[{"b":{"a":1,"c":":","a":1}}]'])(
    'refuses %s, where a name stands twice',
    (text) => {
      expect(() => parseJson(utf8(text))).toThrow('not strict JSON')
    },
  )

  it('reads a megabyte of one escaped string, as an imported row may have it', () => {
    const text = `{"a":"${String.raw`\"`.repeat(500_000)}"}`
    expect(parseJson(utf8(text))).toEqual({ a: '"'.repeat(500_000) })
  })
})
