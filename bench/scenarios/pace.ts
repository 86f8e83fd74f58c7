/** How much is measured. */
export type Pace = {
  rounds: number
  /** Seconds of one shot: whole ones, as wrk wants it. */
  seconds: number
  /** People, and sessions, in the database. */
  sizes: [small: number, middle: number, large: number]
  revocations: [none: number, some: number, many: number]
  starts: number
  /** For files of requests. */
  folder: string
}

/** Connections: enough to keep a Worker busy with answers that take it microseconds, and with those that ask D1. */
export const MANY = 32
export const FEW = 8
