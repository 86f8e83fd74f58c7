/** One thing that was looked at, and what to do about it where it is not as it should be. */
export type Finding = { level: 'ok' | 'warn' | 'fail'; about: string; text: string }

/** Seconds. Tokens made on one clock and checked on another begin to fail past this. */
const MAX_SKEW = 5

type Otherwise = { warn: string } | { fail: string }

/** `ok` with one text, or something else with what to do. */
export function finding(about: string, isFine: boolean, fine: string, otherwise: Otherwise): Finding {
  if (isFine) return { level: 'ok', about, text: fine }
  return 'warn' in otherwise
    ? { level: 'warn', about, text: otherwise.warn }
    : { level: 'fail', about, text: otherwise.fail }
}

export function clock(about: string, theirs: number, ours: number): Finding {
  const skew = Math.round(theirs - ours)
  return finding(about, Math.abs(skew) <= MAX_SKEW, 'agrees with the clock here', {
    warn: `is ${Math.abs(skew)} s ${skew > 0 ? 'ahead of' : 'behind'} the one here: set this machine's clock`,
  })
}

export const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))
