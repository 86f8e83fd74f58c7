import type { Config } from '../../config.ts'
import { hex, utf8 } from '../../lib/bytes.ts'
import { withDeadline } from '../../lib/deadline.ts'
import { logError } from '../../lib/log.ts'
import { readAtMost } from '../../lib/read-at-most.ts'

/** Milliseconds, including the body: a person waits. */
const DEADLINE_MS = 1_000

/** Bytes. A range has about 40 kB with its padding. */
const MAX_BYTES = 1_048_576

/** The other 35 digits of a hash, and how often it was found. */
const LINE = /^([\dA-F]{35}):(\d+)$/

/**
 * Whether `BREACHED_PASSWORDS_URL`, a range search like that of Have I Been Pwned, knows the password from a breach.
 * The list receives 5 of the 40 digits of the password's SHA-1, which a thousand other passwords share. Padding hides
 * how many matched. If it does not answer, the password is accepted and the log gets a line: setting a password must
 * not depend on another service.
 */
export async function isBreached(password: string, { BREACHED_PASSWORDS_URL: url }: Config): Promise<boolean> {
  if (url === undefined) return false
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-1', utf8(password)))
  const hash = hex(digest).toUpperCase()
  try {
    const range = await withDeadline(rangeOf(url, hash.slice(0, 5)), 'The list of breaches', DEADLINE_MS)
    const lines = range.trim().toUpperCase().split(/\r?\n/)
    const found = lines.map((line) => LINE.exec(line))
    if (found.includes(null)) throw new Error('It answered something else than a range.')
    return found.some((line) => line?.[1] === hash.slice(5) && Number(line[2]) > 0) // padding has a count of 0
  } catch (error) {
    logError('breaches_not_checked', error)
    return false
  }
}

async function rangeOf(url: string, prefix: string): Promise<string> {
  const signal = AbortSignal.timeout(DEADLINE_MS)
  const headers = { 'Add-Padding': 'true' }
  const answer = await fetch(`${url.replace(/\/$/, '')}/${prefix}`, { headers, signal, redirect: 'manual' })
  if (answer.status !== 200) throw new Error(`It answered ${answer.status}.`)
  return (await readAtMost(answer, MAX_BYTES)).text()
}
