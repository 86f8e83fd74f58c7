import { UNREADABLE } from './rows.ts'

/** What a cell says, `null` where it says nothing, UNREADABLE where it says something else than was asked. */
export type Read<T> = T | null | typeof UNREADABLE

const YES = /^(1|t|true|y|yes|on|\x01)$/i
const NO = /^(0|f|false|n|no|off|\0)$/i

/** Beyond the year 5000 in seconds, before 1974 in the next smaller unit. */
const SECONDS_MAX = 1e11

/** Bytes are read as UTF-8: a Flask app that did not decode what bcrypt gave it has stored a BLOB. */
export function text(cell: unknown): Read<string> {
  if (cell === null || cell === undefined || cell === '') return null
  if (typeof cell === 'string') return cell
  if (typeof cell === 'number' || typeof cell === 'bigint' || typeof cell === 'boolean') return String(cell)
  return cell instanceof Uint8Array ? new TextDecoder().decode(cell) || null : UNREADABLE
}

/** A truth value as databases and JSON write it. A time counts as true: that is when it became so. */
export function flag(cell: unknown): Read<boolean> {
  const value = text(cell)
  if (typeof value !== 'string') return value
  if (YES.test(value)) return true
  if (NO.test(value)) return false
  const at = time(cell)
  return typeof at === 'number' ? true : at
}

/** Seconds since 1970, from seconds, milliseconds, microseconds, or ISO 8601. Without a zone it is UTC. */
export function time(cell: unknown): Read<number> {
  const value = text(cell)
  if (typeof value !== 'string' || value.startsWith('0000-00-00')) return value === UNREADABLE ? UNREADABLE : null
  if (/^(19|20)\d{6}$/.test(value)) return UNREADABLE // a day like 20240101, and not one of 1970 in seconds
  if (/^\d{1,17}(\.\d*)?$/.test(value)) {
    let seconds = Number(value)
    while (seconds >= SECONDS_MAX) seconds /= 1000
    return Math.floor(seconds)
  }
  const [, day, clock, fraction = '', zone = 'Z'] =
    /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d)?)(\.\d+)?)?(?: ?(Z|UTC|[+-]\d\d(?::?\d\d)?))?$/i.exec(value) ?? []
  if (day === undefined) return UNREADABLE
  const offset = /^(Z|UTC)$/i.test(zone) ? 'Z' : zone.length === 3 ? `${zone}:00` : zone
  const at = Date.parse(`${day}T${clock ?? '00:00'}${fraction.slice(0, 4)}${offset}`)
  return Number.isNaN(at) || at < 0 ? UNREADABLE : Math.floor(at / 1000)
}

/** Names, from a list, JSON, a PostgreSQL array, or text with commas. A truth value stands for the role `admin`. */
export function names(cell: unknown): Read<string[]> {
  if (Array.isArray(cell)) return cell.every((name) => typeof name === 'string') ? cell : UNREADABLE
  const value = text(cell)
  if (typeof value !== 'string') return value
  if (YES.test(value) || NO.test(value)) return YES.test(value) ? ['admin'] : null
  if (value.startsWith('[')) {
    try {
      return names(JSON.parse(value))
    } catch {
      return UNREADABLE
    }
  }
  return value
    .replace(/^\{(.*)\}$/, '$1')
    .split(',')
    .map((name) => name.trim())
    .filter(Boolean)
}
