/**
 * How a call to D1 fails. Two kinds fail at once and two never respond. Of each, one never ran and one has committed;
 * the caller cannot tell which.
 */
export const faults = {
  before: { ran: false, answers: true },
  after: { ran: true, answers: true },
  hang: { ran: false, answers: false },
  stall: { ran: true, answers: false },
} as const

export type Fault = keyof typeof faults

/** What to do to which call, counted from 1. */
export type Plan =
  | { at: number; fault: Fault }
  /** Inserts a failing statement into the batch of that call, after this many of its own. */
  | { at: number; raiseAfter: number }
  /** Changes nothing, and is called after each call has run. */
  | { watch: (call: number) => Promise<void> }

/** Who calls. A Durable Object has its own binding. */
export type Caller = 'worker' | 'object'

export type Call = {
  by: Caller
  method: 'first' | 'all' | 'run' | 'raw' | 'batch' | 'exec'
  statements: string[]
}

export type FaultyD1 = {
  /** The binding of the Worker. */
  db: D1Database
  /** The binding of its objects. */
  inside: D1Database
  /** The calls so far, through both bindings. */
  calls: Call[]
  /** Sets the plan from now on, or removes it. */
  follow: (plan?: Plan) => void
  /**
   * Whether the planned call was made, and has run if it was to run. Not a promise, because the call may be an
   * object's.
   */
  hasStruck: () => boolean
}

/** Compiles, but fails when it runs. */
const RAISING = `SELECT json('{')`

/**
 * The same database behind bindings that fail as planned. Calls are counted through both. To the service these are
 * other bindings, and so another isolate that has not read anything yet.
 */
export function faultyD1(real: D1Database): FaultyD1 {
  const calls: Call[] = []
  let plan: Plan | undefined
  let struck = false
  const originals = new WeakMap<object, { statement: D1PreparedStatement; text: string }>()

  async function pass<T>(call: Call, run: () => Promise<T>): Promise<T> {
    const n = calls.push(call)
    if (!plan || !('fault' in plan) || n !== plan.at) {
      const result = await run()
      if (plan && 'watch' in plan) await plan.watch(n)
      return result
    }
    const { ran, answers } = faults[plan.fault]
    if (ran) await run()
    struck = true
    if (!answers) return new Promise<never>(() => {})
    throw new Error('D1_ERROR: Network connection lost.')
  }

  const wrapped = (by: Caller, statement: D1PreparedStatement, text: string): D1PreparedStatement => {
    const proxy = new Proxy(statement, {
      get(target, name: keyof D1PreparedStatement) {
        if (name === 'bind') return (...values: unknown[]) => wrapped(by, target.bind(...values), text)
        const method = target[name].bind(target) as (...values: unknown[]) => Promise<unknown>
        return (...values: unknown[]) => pass({ by, method: name, statements: [text] }, () => method(...values))
      },
    })
    originals.set(proxy, { statement, text })
    return proxy
  }

  const batch = (by: Caller, proxies: D1PreparedStatement[]) => {
    const own = proxies.map((proxy) => originals.get(proxy)!)
    const statements = own.map(({ statement }) => statement)
    if (plan && 'raiseAfter' in plan && calls.length + 1 === plan.at) {
      statements.splice(plan.raiseAfter, 0, real.prepare(RAISING))
    }
    return pass({ by, method: 'batch', statements: own.map(({ text }) => text) }, () => real.batch(statements))
  }

  const binding = (by: Caller) =>
    new Proxy(real, {
      get(target, name) {
        if (name === 'prepare') return (text: string) => wrapped(by, target.prepare(text), text)
        if (name === 'batch') return (proxies: D1PreparedStatement[]) => batch(by, proxies)
        if (name === 'exec') {
          return (text: string) => pass({ by, method: 'exec', statements: [text] }, () => target.exec(text))
        }
        if (typeof name === 'symbol') return Reflect.get(target, name) as unknown
        throw new Error(`a way to the database that no fault reaches: ${name}`)
      },
    })
  const follow = (next?: Plan) => {
    plan = next
    struck = false
  }
  return { db: binding('worker'), inside: binding('object'), calls, follow, hasStruck: () => struck }
}
