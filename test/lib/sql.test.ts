import { describe, expect, it } from 'vitest'
import { sql } from '../../src/lib/sql.ts'

describe('sql', () => {
  it('binds every value, so that none is part of the text', () => {
    const hostile = `'; DROP TABLE users; --`
    const query = sql`SELECT ${1}, ${hostile}, ${null} FROM users WHERE email = ${hostile}`
    expect(query).toEqual({ text: 'SELECT ?, ?, ? FROM users WHERE email = ?', params: [1, hostile, null, hostile] })
  })

  it('inlines other pieces, with their values in the order of their question marks', () => {
    const inner = sql`id = ${7} AND email = ${'a@example.com'}`
    const outer = sql`UPDATE users SET roles = ${'[]'} WHERE ${inner} AND EXISTS (SELECT 1 WHERE ${inner}) LIMIT ${1}`
    expect(outer.text).toBe(
      'UPDATE users SET roles = ? WHERE id = ? AND email = ? AND EXISTS (SELECT 1 WHERE id = ? AND email = ?) LIMIT ?',
    )
    expect(outer.params).toEqual(['[]', 7, 'a@example.com', 7, 'a@example.com', 1])
  })

  it('binds bytes, which are no piece', () => {
    const bytes = new ArrayBuffer(2)
    expect(sql`SELECT ${bytes}`).toEqual({ text: 'SELECT ?', params: [bytes] })
  })

  it('is plain text where there is no value', () => {
    expect(sql`SELECT 1`).toEqual({ text: 'SELECT 1', params: [] })
  })
})
