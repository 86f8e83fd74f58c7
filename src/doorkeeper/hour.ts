/** Failed attempts in the current hour. States stored before there were groups have only the sum. */
export type Hour = { started_at: number; attempts: number } & { [group in Group]?: number | undefined }

/** Callers without a known device or network, for all methods together. Mailed links count with the sessions. */
type Group = 'strangers' | 'sessions'

/** The most comparisons in an hour, however many known networks and devices try at once. */
const MAX_ATTEMPTS_PER_HOUR = 60
const HOUR_SECONDS = 3_600

/**
 * The most that each group has of them. The 10 that remain belong to known devices and networks: the free attempts of
 * two. A bucket has 17 in its first hour, so one session that guesses at one thing does not use up what sessions have.
 */
const MAX_OF_GROUP: Record<Group, number> = { strangers: 30, sessions: 20 }

const groupOf = (caller: string): Group | undefined => {
  if (/^(device|network) /.test(caller)) return undefined
  return caller.startsWith('session') ? 'sessions' : 'strangers'
}

/** The hour with one more attempt, or the seconds until the next hour. */
export function takeFromHour(last: Hour, caller: string, now: number): Hour | number {
  const hour: Hour = now - last.started_at < HOUR_SECONDS ? last : { started_at: now, attempts: 0 }
  const group = groupOf(caller)
  const isUsedUp = group !== undefined && (hour[group] ?? 0) >= MAX_OF_GROUP[group]
  if (isUsedUp || hour.attempts >= MAX_ATTEMPTS_PER_HOUR) return hour.started_at + HOUR_SECONDS - now
  return changed(hour, group, 1)
}

/** The hour without an attempt of this caller. */
export const returnToHour = (hour: Hour, caller: string): Hour => changed(hour, groupOf(caller), -1)

function changed(hour: Hour, group: Group | undefined, by: 1 | -1): Hour {
  const sum = { ...hour, attempts: Math.max(0, hour.attempts + by) }
  return group === undefined ? sum : { ...sum, [group]: Math.max(0, (hour[group] ?? 0) + by) }
}
