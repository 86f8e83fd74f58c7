import type { Context } from './command.ts'

/** One thing that was looked at, and what to do about it where it is not as it should be. */
export type Finding = { level: 'ok' | 'warn' | 'fail'; about: string; text: string }

export const checkups = async (_context: Context, _url: string | undefined): Promise<Finding[]> => []
