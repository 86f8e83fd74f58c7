import { env } from 'cloudflare:workers'

/**
 * For tests that repeat something many times. `npm run check` runs them with high counts, and only them if `npm test`
 * has already run.
 */
export const MANY = { tags: 'many', timeout: 600_000 }

/** How many times such a test repeats: fewer times in `npm test`. */
export const times = (atLength: number, inShort: number): number => (env.AT_LENGTH === 'yes' ? atLength : inShort)
