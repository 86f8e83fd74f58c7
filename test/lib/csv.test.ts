import { expect, it } from 'vitest'
import { csvRow } from '../../src/lib/csv.ts'

it.each([
  [[1, null, 'a b'], '1,,a b\r\n'],
  [['a,b', 'say "a"', 'a\nb', 'a\rb'], '"a,b","say ""a""","a\nb","a\rb"\r\n'],
  [['=1+1', '+1', '-1', '@a'], "'=1+1,'+1,'-1,'@a\r\n"],
  [['\t=1', '\r=1', '\n=1', '＝1'], `'\t'=1,"'\r'=1","'\n'=1",'＝1\r\n`],
  [['X11; Linux', 'a;=1', 'a;"=1"', 'a\t@b;-1'], `X11; Linux,a;'=1,"a;'""=1""",a\t'@b;'-1\r\n`],
  [['=a,"b"', 'a=1', 'user:7'], `"'=a,""b""",a=1,user:7\r\n`],
])('writes %j as a row without formulas', (cells, row) => {
  expect(csvRow(cells)).toBe(row)
})
