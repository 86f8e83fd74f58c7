import { runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { knownTo } from '../../src/doorkeeper/rpc.ts'
import type { Doorkeeper } from '../../src/doorkeeper/doorkeeper.ts'
import type { State } from '../../src/doorkeeper/state.ts'
import { now } from '../../src/lib/time.ts'
import { ENV } from './bindings.ts'
import { callBy } from './calls.ts'

/** The given bindings, and the names of the objects that are called through them. */
export function watchedDoorkeeper(own: Env = ENV): { own: Env; names: string[] } {
  const names: string[] = []
  const getByName: Env['DOORKEEPER']['getByName'] = (name, options) => {
    names.push(name)
    return env.DOORKEEPER.getByName(name, options)
  }
  return { own: { ...own, DOORKEEPER: { getByName } as Env['DOORKEEPER'] }, names }
}

/** The doorkeeper of an address. Call this again after it was evicted. */
export async function doorkeeperOf(email: string): Promise<DurableObjectStub<Doorkeeper>> {
  const { own, names } = watchedDoorkeeper()
  await knownTo(callBy({ own }), { id: 0, email })
  return env.DOORKEEPER.getByName(names[0]!)
}

/** Everything in an object's storage. */
export async function storedFor(email: string): Promise<[string, unknown][]> {
  return runInDurableObject(await doorkeeperOf(email), (_, { storage }) => [...storage.kv.list()])
}

/** The state of an object, after a change if one is given. */
export async function stateFor(email: string, change?: (state: State) => State): Promise<State> {
  return runInDurableObject(await doorkeeperOf(email), (instance) => {
    const open = instance as unknown as { state: State; store: (state: State) => void }
    if (change) open.store(change(open.state))
    return open.state
  })
}

/** A stranger's failures, as if they had happened one after another until now. */
export const withFailures =
  (failures: number, blocked_until = 0) =>
  (state: State): State => ({ ...state, buckets: { stranger: { failures, blocked_until, used_at: now() } } })

/** Gives an object other bindings until it is evicted. */
export async function withinDoorkeeper(email: string, bindings: Partial<Env>): Promise<void> {
  await runInDurableObject(await doorkeeperOf(email), (instance) => {
    const open = instance as unknown as { env: Env }
    open.env = { ...open.env, ...bindings }
  })
}
