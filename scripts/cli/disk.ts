import { existsSync, statfsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { Problem } from '../../src/problem.ts'
import { Refusal, UsageError } from './command.ts'

/** Bytes. With less than this SQLite cannot go on. */
const LEAST_SPACE = 1024 * 1024

/**
 * The failure as it should be told: where a disk is full, that. workerd says no more of it than "internal error", so the disks are
 * looked at, too.
 */
export function diskFull(error: unknown, folder: string): unknown {
  if (error instanceof Refusal || error instanceof UsageError || error instanceof Problem) return error
  const said = /ENOSPC|SQLITE_FULL|disk is full/.test(String(error))
  const full = [folder, tmpdir()].filter(existsSync).find((path) => {
    const { bavail, bsize } = statfsSync(path)
    return bavail * bsize < LEAST_SPACE
  })
  if (!said && full === undefined) return error
  return new Refusal(
    `The disk is full${full === undefined ? '' : ` (${full})`}. What was written before stays: make room, and run this again.`,
  )
}
