import { UNREADABLE } from './rows.ts'

/** What a cell says: `null` if it says nothing, UNREADABLE if it says something else than was asked for. */
export type Read<T> = T | null | typeof UNREADABLE

const YES = /^(t|true|y|yes|on)$/i
const NO = /^(f|false|n|no|off)$/i

/**
 * Bits as text: `1`, `00000000`, `b'1'` of phpMyAdmin, `0b1`, and `1.0` of a spreadsheet that has empty cells, too. `10` may be
 * the number ten.
 */
const BITS = /^(?:b'([01]+)'|0b([01]+)|((?:[01]{8}){1,8})|([01])(?:\.0+)?)$/i

/** Bytes as text: what a BIT column becomes, as it is, escaped as the client `mysql` does it, or in hexadecimal. */
const BYTES = /^(?:(\0+|\\0)|\0*(\x01)|(?:0x|\\x)(?:(?:00)+|(?:00)*(01)))$/i

/** NULL, as exports write it into text: MySQL, PostgreSQL, and `str(None)` of Python. */
const NOTHING = /^(NULL|null|None|\\N)$/

/** Beyond the year 5000 in seconds, before 1974 in the next smaller unit. */
const SECONDS_MAX = 1e11

/** The year 1973. A smaller number in a column of truth values is somebody's code for a state. */
const TIME_MIN = 1e8

/** Bytes are read as UTF-8: a Flask app that did not decode what bcrypt gave it has stored a BLOB. */
export function text(cell: unknown): Read<string> {
  const value = unwrapped(cell)
  if (value === null || value === undefined || value === '') return null
  if (typeof value === 'string') return NOTHING.test(value) ? null : value
  if (typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean') return String(value)
  return value instanceof Uint8Array ? new TextDecoder().decode(value) || null : UNREADABLE
}

/** An identifier as text. Bytes that are no text, such as a UUID of 16 bytes, are hexadecimal: no two become one. */
export function identifier(cell: unknown): Read<string> {
  const value = unwrapped(cell)
  if (value instanceof Uint8Array && !isPrintable(value)) return Buffer.from(value).toString('hex')
  const read = text(value)
  return typeof read === 'string' ? read.trim() || null : read
}

const isPrintable = (bytes: Uint8Array): boolean => bytes.every((byte) => byte > 0x1f && byte < 0x7f)

/** A truth value as databases, spreadsheets and JSON write it, without guessing. */
export function truth(cell: unknown): Read<boolean> {
  const raw = unwrapped(cell)
  if (raw instanceof Uint8Array && raw.length === 1) return raw[0]! <= 1 ? raw[0] === 1 : UNREADABLE
  const value = text(cell)
  if (typeof value !== 'string') return value
  if (YES.test(value) || NO.test(value)) return YES.test(value)
  const bits = BITS.exec(value)
  if (bits) return bits.slice(1).some((digits) => digits?.includes('1'))
  const bytes = BYTES.exec(value)
  return bytes ? (bytes[2] ?? bytes[3]) !== undefined : UNREADABLE
}

/** A truth value. A time counts as true: it says since when. */
export function flag(cell: unknown, zone?: string): Read<boolean> {
  const value = truth(cell)
  if (value !== UNREADABLE) return value
  const at = time(cell, zone)
  return at === null ? null : typeof at === 'number' && at >= TIME_MIN ? true : UNREADABLE
}

/**
 * Seconds since 1970, from seconds, milliseconds, microseconds, or ISO 8601. `zone`, a name or an offset, counts for times
 * that name none.
 */
export function time(cell: unknown, zone = 'UTC'): Read<number> {
  const value = text(cell)
  if (typeof value !== 'string' || value.startsWith('0000-00-00')) return value === UNREADABLE ? UNREADABLE : null
  if (/^(19|20)\d{6}$/.test(value)) return UNREADABLE // a day like 20240101, and not one of 1970 in seconds
  if (/^\d{1,17}(\.\d*)?$/.test(value)) {
    let seconds = Number(value)
    while (seconds >= SECONDS_MAX) seconds /= 1000
    return Math.floor(seconds)
  }
  const [, day, clock, fraction = '', offset] =
    /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d)?)(\.\d+)?)?(?: ?(Z|UTC|[+-]\d\d(?::?\d\d)?))?$/i.exec(value) ?? []
  if (day === undefined) return UNREADABLE
  const local = `${day}T${clock ?? '00:00'}${fraction.slice(0, 4)}`
  const at = offset === undefined ? inZone(local, zone) : Date.parse(`${local}${isoOffset(offset)}`)
  return Number.isNaN(at) || at < 0 ? UNREADABLE : Math.floor(at / 1000)
}

const isoOffset = (offset: string): string =>
  /^(Z|UTC)$/i.test(offset) ? 'Z' : offset.length === 3 ? `${offset}:00` : offset

const clocks = new Map<string, Intl.DateTimeFormat>()

/** Milliseconds since 1970 of a local time in `zone`. Around a change of the clocks it may be an hour off. */
function inZone(local: string, zone: string): number {
  const wall = Date.parse(`${local}Z`)
  if (zone === 'UTC' || Number.isNaN(wall)) return wall
  const near = wall - offsetOf(zone, wall)
  return wall - offsetOf(zone, near)
}

/** Milliseconds that the clocks of `zone` are ahead of UTC at a moment. */
function offsetOf(zone: string, at: number): number {
  const clock = clocks.get(zone) ?? clockOf(zone)
  clocks.set(zone, clock)
  const parts = Object.fromEntries(clock.formatToParts(at).map(({ type, value }) => [type, Number(value)]))
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = parts
  return Date.UTC(year, month - 1, day, hour, minute, second) - Math.floor(at / 1000) * 1000
}

/** @throws RangeError for what is no zone */
const clockOf = (timeZone: string): Intl.DateTimeFormat =>
  new Intl.DateTimeFormat('en', {
    timeZone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  })

/** Whether times can be read with this zone: `Asia/Seoul`, `UTC`, `+09:00`. */
export function isZone(zone: string): boolean {
  try {
    return clockOf(zone) !== undefined
  } catch {
    return false
  }
}

/** Names, from a list, JSON, a PostgreSQL array, or text with commas. */
export function names(cell: unknown): Read<string[]> {
  if (Array.isArray(cell)) return cell.every((name) => typeof name === 'string') ? cell : UNREADABLE
  const value = text(cell)
  if (typeof value !== 'string') return value
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

/**
 * The value that an object stands for: MongoDB's Extended JSON (version 2, and the dates and bytes of version 1), and bytes
 * as Node writes them into JSON. Anything else is returned as it is.
 */
function unwrapped(cell: unknown): unknown {
  if (typeof cell !== 'object' || cell === null || Array.isArray(cell) || cell instanceof Uint8Array) return cell
  const object = cell as Record<string, unknown>
  const { $date, $binary, type, data } = object
  if (type === 'Buffer' && isBytes(data)) return Uint8Array.from(data)
  if ($date !== undefined) return dateText(unwrapped($date))
  if ($binary !== undefined) {
    const base64 = typeof $binary === 'object' ? ($binary as { base64?: unknown } | null)?.base64 : $binary
    return typeof base64 === 'string' ? new Uint8Array(Buffer.from(base64, 'base64')) : cell
  }
  const [name = '', ...more] = Object.keys(object)
  return more.length === 0 && SCALARS.has(name) && typeof object[name] === 'string' ? object[name] : cell
}

const SCALARS = new Set(['$oid', '$uuid', '$numberLong', '$numberInt', '$numberDouble', '$numberDecimal'])

const isBytes = (data: unknown): data is number[] =>
  Array.isArray(data) && data.every((byte) => Number.isInteger(byte) && byte >= 0 && byte < 256)

/** A number in `$date` is in milliseconds, whatever its size. */
function dateText(date: unknown): unknown {
  if (typeof date !== 'number' && !(typeof date === 'string' && /^-?\d+$/.test(date))) return date
  const at = new Date(Number(date))
  return Number.isNaN(at.getTime()) ? date : at.toISOString()
}
