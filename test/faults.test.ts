import { runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import bcrypt from 'bcryptjs'
import { METHOD_NAME_ALL } from 'hono/router'
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { app, features } from '../src/app.ts'
import { batch } from '../src/core/d1.ts'
import { deliverMail } from '../src/core/mail/mailer.ts'
import { readRefreshToken } from '../src/core/sessions/refresh-tokens.ts'
import type { Doorkeeper } from '../src/doorkeeper/doorkeeper.ts'
import { emptyState, type State } from '../src/doorkeeper/state.ts'
import worker from '../src/index.ts'
import { sql } from '../src/lib/sql.ts'
import { problemTexts } from '../src/pages/problem-texts.ts'
import {
  type Call,
  callWith,
  claimsOf,
  clock,
  doorkeeperOf,
  expectProblem,
  type Fault,
  faults,
  type FaultyD1,
  faultyD1,
  freshDatabase,
  hashOnce,
  mails,
  MANY,
  ORIGIN,
  pageRoutes,
  type Plan,
  times,
} from './support.ts'
import {
  SECRETS,
  type Alike,
  AT,
  CHEAP_HASH,
  DEADLINE,
  DEVICE,
  grant,
  HASH,
  HERE,
  imported,
  LEGACY_TOKEN,
  LINK_HASH,
  MOVED,
  NEWCOMER,
  NOTICE_HASH,
  OPERATORS_TOKEN,
  OTHER,
  type Outcome,
  OWN,
  OWNER,
  PHONE,
  reached,
  type Scenario,
  SESSIONS,
  settings,
  THEIRS,
  THEN,
  TOKEN,
  tokenIn,
} from './faults/world.ts'

freshDatabase()

/*
 * Every call to D1 of every route fails once in each way that there is. The clock stands still, and before each request
 * the database is the same small world; so a request that goes well says after each of its calls what the database
 * then is, and after any fault it must be exactly what it was before the failed call, or after it.
 *
 * The doorkeeper's objects read the same faulty database, and start from the same memory before each request. Every call
 * to them is lost once, too: on the way to the object, and on the way back.
 *
 * A process that dies inside a batch is D1's own matter (its batches are transactions) and cannot be made in here.
 */

type Part = { scenarios?: (Scenario | Alike)[]; withoutD1?: Record<string, string> }

/** Every feature has its scenarios beside its tests. */
const parts = Object.values(import.meta.glob<Part>('./features/*.faults.ts', { eager: true }))
const said = parts.flatMap(({ scenarios = [] }) => scenarios)
const spoken = said.filter((one) => 'route' in one)
const scenarios: Scenario[] = [...spoken, ...said.filter((one) => 'like' in one).map(byForm)]

/** Routes that never ask the database, with a request to each. */
const WITHOUT_D1: Record<string, string> = Object.assign({}, ...parts.map(({ withoutD1 }) => withoutD1))

/** What a JSON route does, asked for by the form of a page. */
function byForm({ like, page, ask, own }: Alike): Scenario {
  const { again: _again, ...same } = spoken.find(({ route }) => route === like)!
  return { ...same, route: page, ask, answers: 303, ...own }
}

const ON_PAGES = new Set(pageRoutes.map(({ method, path }) => `${method} ${path}`))

/** What is logged where a doorkeeper could not be told what has been done already. The answer is as if it had been. */
const notTold = ({ route, ask }: Scenario, question: string): string | undefined =>
  route.endsWith('/unlock') || ask.form?.do === 'unlock'
    ? undefined
    : route === 'GET /account/devices'
      ? 'devices_not_shown' // the rest of the page is there
      : {
          forget: 'doorkeeper_not_cleared',
          passwordReplaced: 'doorkeeper_not_cleared',
          reported: 'device_not_reported',
          settle: 'guess_not_settled',
          welcome: 'device_not_known',
        }[question]

/** What is not asked again where its answer was lost: twice would be another thing than once. */
const ASKED_ONCE = new Set(['admitMail', 'forgetDevice', 'admit', 'settle', 'welcome', 'reported'])

const consoles = {
  error: vi.spyOn(console, 'error'),
  info: vi.spyOn(console, 'info'),
  log: vi.spyOn(console, 'log'),
  warn: vi.spyOn(console, 'warn'),
}

const compare = vi.spyOn(bcrypt, 'compare')
const hashing = hashOnce()

beforeAll(async () => {
  others = await otherTables()
  reached.env = () => ({ ...OWN, DOORKEEPER: doorkeepers(env.DB) })
  for (const email of [OWNER, OTHER, NEWCOMER, MOVED]) {
    const { name } = await doorkeeperOf(email)
    people.set(name!, email.split('@')[0]!)
    touched.add(name!)
  }
})
beforeEach(() => {
  for (const spy of Object.values(consoles)) spy.mockReset()
})
afterAll(() => {
  compare.mockRestore()
  hashing.mockRestore()
  for (const spy of Object.values(consoles)) spy.mockRestore()
})

describe('the table of routes', () => {
  it('names every route that asks D1', () => {
    const routes = app.routes
      .filter(({ method }) => method !== METHOD_NAME_ALL)
      .map(({ method, path }) => `${method} ${path}`)
    const named = [...scenarios.map(({ route }) => route), ...Object.keys(WITHOUT_D1)]
    expect([...new Set(named)].sort()).toEqual([...new Set(routes)].sort())
  })

  it.each(Object.entries(WITHOUT_D1))('lists %s as one that never does', async (_route, path) => {
    const { db, calls } = faultyD1(env.DB)
    expect((await callWith({ ...OWN, DB: db, DOORKEEPER: noDoorkeepers }, ORIGIN + path)).status).toBe(200)
    expect(calls).toEqual([])
  })

  it('limits by network whatever compares a password, hashes one, or sends mail', () => {
    const works = scenarios.filter(
      ({ asks = [], changes = [] }) =>
        asks.some((question) => ['check', 'hash', 'admitMail'].includes(question)) ||
        // A copied cookie may come to every route. That is mailed once, because it ends the session.
        changes.some((change) => change.startsWith('+ mail') && !change.endsWith('We signed a device out')),
    )
    const limited = [...app.routes, ...pageRoutes]
      .filter(({ handler }) => 'prefilter' in handler)
      .map(({ method, path }) => `${method} ${path}`)
    expect(works.length).toBeGreaterThan(40)
    expect(works.map(({ route }) => route).filter((route) => !limited.includes(route))).toEqual([])
  })

  it('has nothing to ask for a stranger who opens the login page', async () => {
    const { db, calls } = faultyD1(env.DB)
    expect((await callWith({ ...OWN, DB: db, DOORKEEPER: noDoorkeepers }, `${ORIGIN}/login`)).status).toBe(200)
    expect(calls).toEqual([])
  })
})

type Strike = Exclude<Plan, { watch: unknown }>

/** A call to a doorkeeper that is lost, counted from 1, and how many of the same. The first may have done its work. */
type Loss = { at: number; ran: boolean; tries: number }

/**
 * What a request does when nothing fails: its calls, and the database before the first and after each; what doorkeepers
 * were asked, and what they remembered before the first question, after each, and when each call to the database had run.
 * introductions: the calls that make a device known after a sign-in that stands. comparisons: the calls that judge a guess
 * which was counted, with the number of that question.
 */
type Rehearsal = {
  calls: Call[]
  introductions: Set<number>
  comparisons: Map<number, number>
  states: string[][]
  asked: string[]
  memories: string[][]
  during: string[][]
}

const FAULTS = Object.keys(faults) as Fault[]

/**
 * Whether a call fails in one of the four ways. `npm run check` tries them all. `npm test` tries one for each call, in
 * turn, because all would take most of its time.
 */
const isDue = (scenario: Scenario, at: number, way: number): boolean =>
  (scenarios.indexOf(scenario) + at + way) % times(1, FAULTS.length) === 0

describe.each(scenarios)('$route $when', (scenario) => {
  let rehearsal: Rehearsal
  beforeAll(async () => {
    rehearsal = await rehearse(scenario)
  })

  it('makes its change in one call, or none', () => {
    const { states } = rehearsal
    expect(difference(states[0]!, states.at(-1)!)).toEqual([...(scenario.changes ?? [])].sort())
    expect(new Set(states.map(String)).size).toBe(scenario.changes ? 1 + (scenario.steps ?? 1) : 1)
  })

  it('asks doorkeepers what it must, and they remember it', () => {
    const { asked, memories } = rehearsal
    expect(asked).toEqual(scenario.asks ?? [])
    expect(difference(memories[0]!, memories.at(-1)!)).toEqual([...(scenario.remembers ?? [])].sort())
  })

  it.each(FAULTS)('refuses and leaves all or nothing, whichever call fails (%s)', MANY, async (fault) => {
    for (const at of rehearsal.calls.keys()) {
      if (isDue(scenario, at, FAULTS.indexOf(fault))) await survive(scenario, rehearsal, { at: at + 1, fault })
    }
  })

  if (scenario.changes) {
    it('keeps nothing of a batch in which one statement fails', MANY, async () => {
      const batches = [...rehearsal.calls.entries()].filter(([, { method }]) => method === 'batch')
      expect(batches.length).toBeGreaterThan(0)
      for (const [at, { statements }] of batches) {
        for (let raiseAfter = statements.length; raiseAfter >= 0; raiseAfter -= times(1, 4)) {
          await survive(scenario, rehearsal, { at: at + 1, raiseAfter })
        }
      }
    })
  }
})

describe.each(scenarios.filter(({ asks }) => asks === undefined))('without doorkeepers: $route $when', (scenario) => {
  it('goes on', async () => {
    await begin(scenario)
    const before = await stateNow()
    const answer = await request(scenario, faultyD1(env.DB), { doorkeepers: noDoorkeepers })
    await expectOutcome(scenario, answer, scenario.answers)
    expect(difference(before, await stateNow())).toEqual([...(scenario.changes ?? [])].sort())
  })
})

describe.each(scenarios.filter(({ asks }) => asks !== undefined))('without doorkeepers: $route $when', (scenario) => {
  const losses: [string, number, Omit<Loss, 'at'>][] = [
    ['does not reach it', 0, { ran: false, tries: 1 }],
    ['does not reach it, nor another', 1, { ran: false, tries: 2 }],
    ['loses its answer', 2, { ran: true, tries: 1 }],
    ['loses its answer, and another', 3, { ran: true, tries: 2 }],
  ]
  let rehearsal: Rehearsal
  beforeAll(async () => {
    rehearsal = rehearsals.get(scenario) ?? (await rehearse(scenario))
  })

  const title = 'refuses and changes nothing, or has done so already, when a question %s'
  it.each(losses)(title, MANY, async (_how, way, loss) => {
    for (const at of rehearsal.asked.keys()) {
      if (isDue(scenario, at, way)) await loseQuestion(scenario, rehearsal, { ...loss, at: at + 1 })
    }
  })

  it('refuses and changes nothing, or has finished already, when their namespace does not exist', async () => {
    await begin(scenario)
    const answer = await request(scenario, faultyD1(env.DB), { doorkeepers: noDoorkeepers })
    await expectNothingSecret(scenario, answer)
    const [first] = scenario.asks as [string]
    const code = notTold(scenario, first)
    if (code) await expectOutcome(scenario, answer, scenario.answers)
    else await expectUnavailable(scenario, answer)
    expect(await stateNow()).toEqual(rehearsal.states.at(code ? -1 : 0))
    expect(await memoryNow()).toEqual(rehearsal.memories[0])
  })
})

/** With the right password. */
const login = scenarios.find(({ route, when }) => route === 'POST /user/login' && when === 'with the right password')!

describe('an object that has too much to do', () => {
  it('is not asked again', async () => {
    await begin(login)
    const asked: string[] = []
    const overloaded = Object.assign(new Error('Durable Object is overloaded.'), { overloaded: true })
    const answer = await request(login, faultyD1(env.DB), {
      doorkeepers: doorkeepers(env.DB, {
        before: (question) => {
          asked.push(question)
          throw overloaded
        },
      }),
    })
    await expectUnavailable(login, answer)
    expect(asked).toEqual(['check'])
  })
})

describe('an isolate that has read the revoked set', () => {
  const action: Scenario = { route: 'POST /action', when: 'signed in', ask: { as: 'bearer' }, answers: 200 }

  it.each(Object.keys(faults) as Fault[])('lets tokens in for a minute while D1 fails (%s)', async (fault) => {
    await begin(action)
    const d1 = faultyD1(env.DB)
    expect((await request(action, d1)).status).toBe(200)
    // Read again after the answer, then before it; at last what is known is too old.
    const ages = [
      { seconds: 3, status: 200 },
      { seconds: 10, status: 200 },
      { seconds: 55, status: 200 },
      { seconds: 62, status: 503 },
    ]
    for (const { seconds, status } of ages) {
      clock.set(seconds)
      const answer = await request(action, d1, { plan: { at: d1.calls.length + 1, fault } })
      expect([seconds, answer.status]).toEqual([seconds, status])
      expect(logged()).toContainEqual(expect.objectContaining({ code: 'revocations_not_loaded' }))
      await expectNothingSecret(action, answer)
    }
    clock.set(70)
    expect((await request(action, d1)).status).toBe(200)
  })

  it.each(['after', 'stall'] as const)('learns in time of a sign-out whose answer was lost (%s)', async (fault) => {
    await begin(action)
    const d1 = faultyD1(env.DB)
    expect((await request(action, d1)).status).toBe(200)
    const leaving = await request({ ...action, route: 'POST /user/logout/everywhere' }, d1, {
      plan: { at: d1.calls.length + 2, fault }, // the session is read before it ends
    })
    await expectProblem(leaving, 503, 'unavailable')
    clock.set(5.001)
    await expectProblem(await request(action, d1), 401, 'invalid_token')
  })
})

describe('a login with a password that stops being right while it is compared', () => {
  it.each([
    ['it is reset', sql`UPDATE users SET hashed_password = 'another', password_set_at = ${AT} WHERE id = 1`],
    ['the account is disabled', sql`UPDATE users SET disabled_at = ${AT} WHERE id = 1`],
    ['the account is deleted', sql`DELETE FROM users WHERE id = 1`],
  ])('starts no session when %s', async (_when, change) => {
    await begin(login)
    const meanwhile = [sql`UPDATE sessions SET revoked_at = ${AT} WHERE user_id = 1`, change]
    const watch = async (call: number) => void (call === 1 && (await batch(env.DB, meanwhile)))
    const answer = await request(login, faultyD1(env.DB), { plan: { watch } })
    await expectProblem(answer, 401, 'invalid_credentials')
    expect((await stateNow()).filter((line) => /session new|login_succeeded/.test(line.split(' | ')[0]!))).toEqual([])
  })

  it('is not disturbed by another one that makes the hash dearer', async () => {
    await begin({ given: [imported] })
    const meanwhile = [sql`UPDATE users SET hashed_password = ${HASH}, hash_upgrades = hash_upgrades + 1 WHERE id = 1`]
    const watch = async (call: number) => void (call === 1 && (await batch(env.DB, meanwhile)))
    await expectOutcome(login, await request(login, faultyD1(env.DB), { plan: { watch } }), 200)
  })
})

describe('the cron run', () => {
  it.each(Object.keys(faults) as Fault[])(
    'loses no mail and no row that is wanted when a call fails (%s)',
    async (fault) => {
      const forgot = scenarios.find(({ route }) => route === 'POST /user/password/forgot')!
      for (const at of [1, 2, 3]) {
        await begin(forgot)
        const d1 = faultyD1(env.DB)
        await request(forgot, d1, { plan: { at: 2, fault: 'before' } }) // the mail stays in the outbox
        expect(mails).toEqual([])
        const state = await stateNow()
        const run = () => worker.scheduled({} as ScheduledController, { ...OWN, DB: d1.db })
        d1.follow({ at: d1.calls.length + at, fault })
        await expect(answerOf(run(), d1, fault)).rejects.toThrow('unavailable')
        expect(await stateNow()).toEqual(state)
        await expectInvariants()
        d1.follow()
        clock.set(61)
        await run()
        expect(mails.map(({ to }) => to)).toContain(OWNER)
        expect(await stateNow()).toEqual(state)
      }
    },
  )
})

const rehearsals = new Map<Scenario, Rehearsal>()

/** What the request of a scenario does to the database, call by call, when nothing fails. */
async function rehearse(scenario: Scenario): Promise<Rehearsal> {
  await begin(scenario)
  const [states, memories, during] = [[await stateNow()], [await memoryNow()], [await memoryNow()]]
  const [d1, asked] = [faultyD1(env.DB), [] as string[]]
  const introductions = new Set<number>()
  const comparisons = new Map<number, number>()
  const watch = async (call: number) => {
    if (d1.calls[call - 1]!.by === 'object' && asked.at(-1) === 'welcome') introductions.add(call)
    const isJudged = [...comparisons.values()].includes(asked.length)
    if (asked.at(-1) === 'admit' && !isJudged) comparisons.set(call, asked.length)
    states[call] = await stateNow()
    during[call] = await memoryNow()
  }
  const before = (question: string) => void asked.push(question)
  const after = async () => void memories.push(await memoryNow())
  const answer = await request(scenario, d1, {
    plan: { watch },
    doorkeepers: doorkeepers(d1.inside, { before, after }),
  })
  const calls = [...d1.calls]
  await expectOutcome(scenario, answer, scenario.answers)
  await expectInvariants()
  await scenario.lastly?.()
  const rehearsal = { calls, introductions, comparisons, states, asked, memories, during }
  rehearsals.set(scenario, rehearsal)
  return rehearsal
}

/** What is done for the outbox once the answer is on its way. */
const isLate = ({ statements }: Call) => /^(UPDATE|DELETE FROM) (logout_)?outbox/.test(statements[0]!)

/** The request while one call goes wrong, and what must hold then. */
async function survive(scenario: Scenario, rehearsal: Rehearsal, plan: Strike): Promise<void> {
  const { calls, introductions, comparisons, states, memories, during } = rehearsal
  if (introductions.has(plan.at)) return surviveIntroduction(scenario, rehearsal, plan)
  const about = JSON.stringify(plan)
  await begin(scenario)
  const d1 = faultyD1(env.DB)
  const answer = await request(scenario, d1, { plan })
  await expectNothingSecret(scenario, answer)
  const late = isLate(calls[plan.at - 1]!)
  if (late) {
    await expectOutcome(scenario, answer, scenario.answers)
    const code = expect.stringMatching(/^(logout_)?outbox_not_read$/)
    expect(logged(), about).toContainEqual(expect.objectContaining({ code }))
  } else {
    await expectUnavailable(scenario, answer)
  }
  // Neither outbox waits for the other.
  if (!late) expect(d1.calls.length, `${about}: nothing is tried again, nothing comes after`).toBe(plan.at)
  const ran = 'fault' in plan && faults[plan.fault].ran
  const [before, after] = [states[plan.at - 1]!, states[plan.at]!]
  expect(await stateNow(), about).toEqual(ran ? after : before)
  await expectInvariants()

  // An attempt that came to no comparison was none; one that was compared counts, whatever became of its answer.
  const isInside = calls[plan.at - 1]!.by === 'object'
  const guess = comparisons.get(plan.at)
  const counted = guess === undefined ? during[isInside ? plan.at - 1 : plan.at] : memories[guess - 1]
  expect(await memoryNow(), about).toEqual(late ? memories.at(-1) : counted)
  if (isInside) expect(compare).not.toHaveBeenCalled()

  // Silence and a torn batch leave the same rows behind as a failure: asking again meets nothing new.
  const fails = 'fault' in plan && faults[plan.fault].answers
  if (fails && !late) await repeat(scenario, rehearsal)
  await expectMailed()
  if (fails && ran && String(before) !== String(after)) await scenario.lastly?.()
}

/** A device that could not become known: the sign-in stands. The request does not wait for an object that is silent. */
async function surviveIntroduction(scenario: Scenario, { states, during }: Rehearsal, plan: Strike): Promise<void> {
  if (!('fault' in plan) || !faults[plan.fault].answers) return
  await begin(scenario)
  const answer = await request(scenario, faultyD1(env.DB), { plan })
  await expectOutcome(scenario, answer, scenario.answers)
  expect(logged().map(({ code }) => code)).toContain('device_not_known')
  expect(await stateNow()).toEqual(states.at(-1))
  expect(await memoryNow()).toEqual(during[plan.at - 1])
}

/** The request while a question to a doorkeeper is lost, and what must hold then. */
async function loseQuestion(scenario: Scenario, rehearsal: Rehearsal, { at, ran, tries }: Loss): Promise<void> {
  const { asked, states, memories } = rehearsal
  const about = JSON.stringify({ at, ran, tries })
  const question = asked[at - 1]!
  const isLost = (n: number) => n >= at && n < at + (ASKED_ONCE.has(question) ? 1 : tries)
  const fail = () => {
    throw new Error('Network connection lost.')
  }
  await begin(scenario)
  const d1 = faultyD1(env.DB)
  const again: string[] = []
  const losing = doorkeepers(d1.inside, {
    before: (name) => void (isLost(again.push(name)) && !ran && fail()),
    after: () => void (isLost(again.length) && ran && fail()),
  })
  const answer = await request(scenario, d1, { doorkeepers: losing })
  const isOver = tries > 1 || ASKED_ONCE.has(question)
  const code = notTold(scenario, question)
  const goesOn = !isOver || code !== undefined
  const twice = ASKED_ONCE.has(question) ? [] : [question]
  expect(again, about).toEqual([...asked.slice(0, at), ...twice, ...(goesOn ? asked.slice(at) : [])])
  if (goesOn) await expectOutcome(scenario, answer, scenario.answers)
  else await expectUnavailable(scenario, answer)
  await expectNothingSecret(scenario, goesOn ? undefined : answer)
  if (isOver && goesOn) expect(logged(), about).toEqual([expect.objectContaining({ code })])
  expect(await stateNow(), about).toEqual(states.at(goesOn ? -1 : 0))
  const isLast = at === asked.length
  if (!isOver || !goesOn || isLast) {
    expect(await memoryNow(), about).toEqual(isOver ? memories[ran ? at : at - 1] : memories.at(-1))
  }
  await expectInvariants()
  if (!goesOn) await repeat(scenario, rehearsal, ran && question === 'forgetDevice')
  await expectMailed()
  await scenario.lastly?.()
}

/** The same request again, now that all is well. */
async function repeat(scenario: Scenario, { states }: Rehearsal, forgotten = false): Promise<void> {
  clock.set(0)
  const isAt = async (state: string[]) => difference(state, await stateNow()).length === 0
  const changed = forgotten || (!(await isAt(states[0]!)) && (await isAt(states.at(-1)!)))
  const answer = await request(scenario, faultyD1(env.DB))
  await expectOutcome(scenario, answer, (changed && scenario.again) || scenario.answers)
  if (!changed) expect(await stateNow()).toEqual(states.at(-1))
  await expectInvariants()
}

/** Whatever mail waits is sent: after a minute, when nobody can be in the middle of sending it. */
async function expectMailed(): Promise<void> {
  const told = await stateNow()
  await deliverMail(OWN, settings, AT + 61, features)
  expect(await env.DB.prepare('SELECT count(*) AS n FROM outbox').first('n')).toBe(0)
  expect(await stateNow()).toEqual(told)
}

/** The small world in which every request is made. */
async function begin({ given = [], remembered }: Pick<Scenario, 'given' | 'remembered'>): Promise<void> {
  clock.stop(AT)
  clock.holdTimers()
  mails.length = 0
  owners = remembered?.(OWNERS) ?? OWNERS
  await Promise.all(
    [...touched].map((name) => {
      const state = memoryAtFirst(people.get(name))
      return within(name, (instance) => (instance as unknown as Store).store(state))
    }),
  )
  const tables = [
    ...others,
    'outbox',
    'webhook_outbox',
    'one_time_tokens',
    'undos',
    'spent',
    'sessions',
    'users',
    'revocations',
    'audit_events',
  ]
  const user = (id: number, email: string) =>
    sql`INSERT INTO users (id, email, hashed_password, password_set_at, created_at)
      VALUES (${id}, ${email}, ${HASH}, ${THEN}, ${THEN})`
  const session = (id: string, user_id: number) =>
    sql`INSERT INTO sessions (id, user_id, created_at, auth_time, refreshed_at, expires_at, tokens_until)
      VALUES (${id}, ${user_id}, ${THEN}, ${THEN}, ${THEN}, ${grant.expires_at}, ${THEN + 86_430})`
  await batch(env.DB, [
    ...tables.map((table) => ({ text: `DELETE FROM "${table}"`, params: [] })),
    user(1, OWNER),
    user(2, OTHER),
    session(HERE, 1),
    session(PHONE, 1),
    session(THEIRS, 2),
    ...given,
  ])
  for (const spy of [compare, ...Object.values(consoles)]) spy.mockClear()
}

/** What the owner's doorkeeper remembers in the small world. */
const OWNERS: State = {
  ...emptyState(),
  owner: 1,
  devices: [{ id: DEVICE, created_at: THEN, used_at: THEN, ip: '127.0.0.1', country: null, user_agent: null }],
}
let owners = OWNERS
const memoryAtFirst = (person: string | undefined): State => (person === 'owner' ? owners : emptyState())

/** Whose object a name is. */
const people = new Map<string, string>()

/** The objects that were asked something since they were made as they are in the small world. */
const touched = new Set<string>()

/** The last of them. */
let asked: string | undefined

/** Does something inside the object of a name. A stub belongs to who made it, and some of this runs in an object. */
const within = <T>(name: string, run: (instance: Doorkeeper, ctx: DurableObjectState) => T): Promise<T> =>
  runInDurableObject(env.DOORKEEPER.getByName(name), run)

type Store = { store: (state: State) => void }

type Desk = Record<string, (...values: unknown[]) => Promise<unknown>>
type Hooks = { before?: (question: string) => void; after?: () => Promise<void> | void }

/** The doorkeepers, reading this database. A hook that throws is a question, or an answer, that was lost. */
function doorkeepers(DB: D1Database, { before, after }: Hooks = {}): Env['DOORKEEPER'] {
  const getByName: Env['DOORKEEPER']['getByName'] = (name, options) => {
    const stub = env.DOORKEEPER.getByName(name, options)
    const ask = async (question: string, values: unknown[]) => {
      before?.(question)
      touched.add(name)
      asked = name
      await runInDurableObject(stub, (instance) => {
        const open = instance as unknown as { env: Env }
        open.env = { ...open.env, DB }
      })
      const answer: unknown = await (stub as unknown as Desk)[question]!(...values)
      await after?.()
      return answer
    }
    return new Proxy(stub, {
      get:
        (_, question: string) =>
        (...values: unknown[]) =>
          ask(question, values),
    })
  }
  return { getByName } as Env['DOORKEEPER']
}

const noDoorkeepers = {
  getByName: () => {
    throw new Error('There is no such namespace.')
  },
} as unknown as Env['DOORKEEPER']

/** What doorkeepers remember, in sorted lines. Who was not asked remembers what was there at first. */
async function memoryNow(): Promise<string[]> {
  const memories = new Map([...people.values()].map((person) => [person, memoryAtFirst(person)]))
  for (const name of touched) {
    const stored = await within(name, (_, { storage }) => [...storage.kv.list<State>()])
    for (const secret of [...SECRETS, '@example.com']) expect(JSON.stringify(stored)).not.toContain(secret)
    const state = new Map(stored).get('state') ?? emptyState()
    const person = people.get(name)
    // Where a stranger's password is hashed, nothing is counted.
    if (person === undefined) expect(state).toEqual(emptyState())
    else memories.set(person, state)
  }
  return [...memories].flatMap(([person, state]) => memoryLines(person, state)).sort()
}

function memoryLines(person: string, { buckets, devices, hour, mails: { sent }, codes = {} }: State): string[] {
  const failures = Object.entries(buckets).map(
    ([caller, bucket]) => [`failures of ${caller.split(' ')[0]}`, bucket?.failures ?? 0] as const,
  )
  const mailed = Object.entries(codes).map(([asker, mails]) => [`codes ${asker}`, mails.sent] as const)
  const counts = [['attempts', hour.attempts], ['mails', sent], ...mailed, ...failures] as const
  return [
    ...counts.filter(([, count]) => count > 0).map(([what, count]) => `${person}: ${what} ${count}`),
    ...devices.map(({ id }) => `${person}: device ${id === DEVICE ? 'phone' : 'new'}`),
  ]
}

type Given = { plan?: Plan; doorkeepers?: Env['DOORKEEPER'] }

/** The request of a scenario to an isolate with this database, and with doorkeepers that read it, too. Answers when the work after the answer is done, too. */
async function request({ route, ask }: Scenario, d1: FaultyD1, { plan, ...given }: Given = {}): Promise<Response> {
  d1.follow(plan)
  const [method, path] = route.split(' ') as [string, string]
  const headers = new Headers(ask.agent === undefined ? {} : { 'User-Agent': ask.agent })
  if (ask.token !== undefined) headers.set('Authorization', `Bearer ${ask.token}`)
  if (ask.as === 'bearer') headers.set('Authorization', `Bearer ${TOKEN}`)
  if (ask.as === 'legacy') headers.set('Authorization', LEGACY_TOKEN)
  if (ask.as === 'operator') headers.set('Authorization', `Bearer ${OPERATORS_TOKEN}`)
  if (ask.as === 'feed') headers.set('Authorization', `Bearer ${settings.REVOCATION_FEED_SECRET}`)
  const cookies = [...(ask.as === 'cookie' ? [`__Host-latchkey=${TOKEN}`] : []), ...(ask.cookie ? [ask.cookie] : [])]
  if (cookies.length > 0) headers.set('Cookie', cookies.join('; '))
  if (ask.form) headers.set('Sec-Fetch-Site', 'same-origin')
  if (ask.json) headers.set('Content-Type', 'application/json')
  const body = ask.form ? new URLSearchParams(ask.form) : ask.json ? JSON.stringify(ask.json) : null
  const init: RequestInit = { method, headers, body, redirect: 'manual' }
  const DOORKEEPER = given.doorkeepers ?? doorkeepers(d1.inside)
  const pending = callWith({ ...OWN, ...ask.settings, DB: d1.db, DOORKEEPER }, ORIGIN + (ask.path ?? path), init)
  const answer = await answerOf(pending, d1, plan && 'fault' in plan ? plan.fault : undefined)
  d1.follow() // what comes now is no part of the request
  return answer
}

/** Where a fault is silence, nothing may be answered before the deadline, and everything at it. */
async function answerOf<T>(pending: Promise<T>, d1: FaultyD1, fault: Fault | undefined): Promise<T> {
  if (!fault || faults[fault].answers) return pending
  let settled = false
  const settle = () => void (settled = true)
  pending.then(settle, settle)
  const isOver = () => settled || d1.hasStruck()
  while (!isOver()) await scheduler.wait(1)
  // A timer belongs to who set it: an object's must run in the object.
  const name = d1.calls.at(-1)!.by === 'object' ? asked : undefined
  const forward = (ms: number) => (name ? within(name, () => clock.ring(ms)) : clock.ring(ms))
  await forward(DEADLINE - 1)
  await scheduler.wait(1)
  expect(settled).toBe(false)
  await forward(1)
  return pending
}

/** The answer is as it should be, and whatever token it holds stands on a row. */
async function expectOutcome({ route }: Scenario, answer: Response, outcome: Outcome): Promise<void> {
  const [status, code] = typeof outcome === 'number' ? [outcome] : outcome
  const text = await answer.clone().text()
  expect({ status: answer.status, text }).toMatchObject({ status })
  if (code && ON_PAGES.has(route)) expect(text).toContain(problemTexts[code].en)
  else if (code) await expectProblem(answer.clone(), status, code)
  const token = /eyJ[\w-]+\.[\w-]+\.[\w-]+/.exec(`${text} ${answer.headers.get('Set-Cookie')}`)?.[0]
  if (token === undefined) return
  const { sid, sub } = claimsOf(token)
  if (sid === undefined) return // an application acts for itself
  const row = await env.DB.prepare('SELECT user_id, generation FROM sessions WHERE id = ? AND revoked_at IS NULL')
    .bind(sid)
    .first<{ user_id: number; generation: number }>()
  expect(row).toMatchObject({ user_id: Number(sub) })
  // A browser keeps its token in a cookie.
  if (!text.includes(token) || answer.headers.get('Content-Type') !== 'application/json') return
  const { refresh_token } = JSON.parse(text) as { refresh_token: string }
  expect(await readRefreshToken(refresh_token, settings)).toEqual({ session_id: sid, generation: row!.generation })
}

/** 503 in the route's own language, logged once with its request id, and no token. */
async function expectUnavailable({ route, ask }: Scenario, answer: Response): Promise<void> {
  const text = await answer.clone().text()
  const code = route === 'GET /ready' ? 'not_ready' : 'unavailable'
  if (ON_PAGES.has(route)) {
    expect({ status: answer.status, text }).toMatchObject({ status: 503 })
    expect(answer.headers.get('Content-Type')).toBe('text/html; charset=UTF-8')
    expect(text).toContain(problemTexts.unavailable.en)
    expect(answer.headers.get('Set-Cookie')).toBeNull()
  } else {
    const { errors } = await expectProblem(answer.clone(), 503, code)
    expect(errors).toEqual(code === 'not_ready' ? [{ field: 'DB', code: 'unreachable' }] : undefined)
  }
  if (code === 'unavailable') expect(answer.headers.get('Retry-After')).toBe('2')
  const request_id = answer.headers.get('X-Request-Id')
  expect(logged().filter((line) => line.request_id === request_id)).toEqual([expect.objectContaining({ code })])
  // A page names its own address.
  const shown = `${text} ${JSON.stringify([...answer.headers])}`.replaceAll(ask.path ?? route, '')
  expect(shown).not.toMatch(/eyJ|lk[rsd]_/)
}

/** The lines that were logged since the request began: one JSON document each, and nothing else. */
function logged(): Record<string, unknown>[] {
  expect([consoles.info, consoles.log, consoles.warn].flatMap(({ mock }) => mock.calls)).toEqual([])
  return consoles.error.mock.calls.map(([line, ...more]) => {
    expect(more).toEqual([])
    expect(line).not.toContain('\n')
    return JSON.parse(String(line)) as Record<string, unknown>
  })
}

/** Nothing that is secret, and nobody's address, in a log; nor in an answer, but for the link of a page or a form that comes back. */
async function expectNothingSecret({ ask }: Scenario, answer = new Response()): Promise<void> {
  const log = JSON.stringify(logged())
  const shown = `${await answer.clone().text()} ${JSON.stringify([...answer.headers])}`
  for (const secret of [...SECRETS, HASH, CHEAP_HASH]) {
    expect(log).not.toContain(secret)
    // A page that a link opens has its token in the form.
    if (ask.form?.token !== secret && ask.path?.endsWith(`?token=${secret}`) !== true) {
      expect(shown).not.toContain(secret)
    }
  }
  expect(log).not.toMatch(/@example\.com|\$2b\$|eyJ|lk[rd]_|token=|\bat \w+ \(/)
}

/** SQL that finds what must never be. `PRAGMA` speaks for the file itself. */
const INVARIANTS = {
  'an address that waits for its confirmation has the link that gives it': sql`
    SELECT id FROM users WHERE email_verified = 0 AND id NOT IN (SELECT user_id FROM invitations)
      AND NOT EXISTS (SELECT 1 FROM one_time_tokens AS link
      WHERE link.user_id = users.id AND link.email = users.email
        AND purpose = iif(hashed_password IS NULL AND users.id NOT IN (SELECT user_id FROM identities), 'reset', 'verify'))`,
  'a new user has the audit row of the registration, or of whoever made it': sql`
    SELECT id FROM users WHERE created_at = ${AT} AND NOT EXISTS (
      SELECT 1 FROM audit_events WHERE event IN ('registered', 'user_created') AND reason IS NULL AND user_id = users.id)`,
  'an address is there, and once': sql`
    SELECT canonical_email FROM users GROUP BY canonical_email HAVING count(*) > 1 OR canonical_email IS NULL`,
  'a session that was revoked is published, once, and one that stands is not': sql`
    SELECT id FROM sessions
      WHERE (SELECT count(*) FROM revocations WHERE session_id = sessions.id) <> (revoked_at IS NOT NULL)`,
  'a session that is gone is published': sql`
    SELECT value FROM json_each(${JSON.stringify(Object.keys(SESSIONS))})
      WHERE value NOT IN (SELECT id FROM sessions) AND value NOT IN (SELECT session_id FROM revocations)`,
  'a new session has the audit row of its login': sql`
    SELECT id FROM sessions WHERE created_at = ${AT} AND NOT EXISTS (
      SELECT 1 FROM audit_events
        WHERE event = iif(sessions.client_id IS NULL, 'login_succeeded', 'client_signed_in') AND session_id = sessions.id)`,
  'an audit row of a login has its session': sql`
    SELECT session_id FROM audit_events
      WHERE event IN ('login_succeeded', 'client_signed_in') AND session_id NOT IN (SELECT id FROM sessions)`,
  'a password that was set or removed has its audit row, and an audit row its password': sql`
    SELECT id FROM users WHERE created_at < ${AT} AND (password_set_at IS ${AT}) <> EXISTS (
      SELECT 1 FROM audit_events WHERE event IN ('password_changed', 'password_removed', 'password_reset',
          'reset_forced', 'undone') AND user_id = users.id)`,
  'a password that was set or removed ended the other sessions': sql`
    SELECT sessions.id FROM sessions JOIN users ON users.id = user_id
      WHERE password_set_at = ${AT} AND revoked_at IS NULL AND sessions.created_at < ${AT} AND sessions.id <> ${HERE}`,
  'an access token ends, with its session at the latest': sql`
    SELECT id FROM sessions WHERE typeof(expires_at) <> 'integer' OR tokens_until IS NULL OR tokens_until > expires_at`,
  'a link and a publication end': sql`
    SELECT hash FROM one_time_tokens WHERE typeof(expires_at) <> 'integer'
      UNION ALL SELECT hash FROM invitations WHERE typeof(expires_at) <> 'integer'
      UNION ALL SELECT hash FROM undos WHERE typeof(expires_at) <> 'integer'
      UNION ALL SELECT session_id FROM revocations WHERE typeof(until) <> 'integer'`,
  'a password that was set or removed has its event, and an event its audit row': sql`
    SELECT id FROM users WHERE created_at < ${AT} AND (password_set_at IS ${AT}) <> EXISTS (
      SELECT 1 FROM webhook_outbox WHERE (type LIKE 'password.%' OR type = 'user.undone') AND user_id = users.id)
      UNION ALL SELECT id FROM webhook_outbox AS told WHERE NOT EXISTS (
        SELECT 1 FROM audit_events WHERE at = told.at AND user_id IS told.user_id AND session_id IS told.session_id)`,
  'nothing refers to what is not there': sql`PRAGMA foreign_key_check`,
  'the file is whole': sql`PRAGMA quick_check`,
}

async function expectInvariants(): Promise<void> {
  const found = await batch(env.DB, Object.values(INVARIANTS))
  const broken = Object.keys(INVARIANTS).map((name, i) => [name, found[i]])
  const whole = Object.keys(INVARIANTS).map((name) => [
    name,
    name === 'the file is whole' ? [{ quick_check: 'ok' }] : [],
  ])
  expect(Object.fromEntries(broken)).toEqual(Object.fromEntries(whole))
}

const subjectOf = (kind: string): string =>
  features.flatMap(({ mails = {} }) => Object.values(mails)).find((mail) => mail.kind === kind)!.words.en.subject

type Tables = {
  users: {
    id: number
    email: string
    email_verified: number
    hashed_password: string | null
    disabled_at: number | null
    roles: string
  } & Times
  sessions: { id: string; user_id: number; generation: number; auth_time: number; revoked_at: number | null } & Times
  revocations: { session_id: string; until: number }
  one_time_tokens: { user_id: number; purpose: string; email: string; hash: string; expires_at: number }
  undos: { user_id: number; what: string; email: string; hash: string; created_at: number; expires_at: number }
  outbox: { kind: string; recipient: string }
  audit_events: {
    at: number
    event: string
    reason: string | null
    user_id: number | null
    session_id: string | null
    actor: string | null
  }
}
type Times = Record<string, unknown>

/** Tables that `stateNow` reads by name, and tables that it leaves out. */
const READ = ['users', 'sessions', 'revocations', 'one_time_tokens', 'undos', 'outbox', 'audit_events']
const BESIDE = ['webhook_outbox', 'spent', 'd1_migrations', 'sqlite_sequence']

/** All other tables, which belong to features. */
let others: string[] = []

async function otherTables(): Promise<string[]> {
  const { results } = await env.DB.prepare(
    `SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE '\\_cf\\_%' ESCAPE '\\' ORDER BY name`,
  ).all<{ name: string }>()
  return results.map(({ name }) => name).filter((name) => ![...READ, ...BESIDE].includes(name))
}

/**
 * The whole database in sorted lines that two runs have in common: names for what is random, seconds from now for
 * times. In front of a bar stands what a reader looks for. A mail is one whether it waits, was sent, or both.
 */
async function stateNow(): Promise<string[]> {
  const names = [...READ, ...others]
  const rows = await batch(
    env.DB,
    names.map((name) => ({ text: `SELECT * FROM "${name}"`, params: [] })),
  )
  const stored = JSON.stringify(rows)
  for (const secret of [...SECRETS, ...mails.flatMap(({ text }) => tokenIn(text))]) expect(stored).not.toContain(secret)
  const tables = Object.fromEntries(names.map((name, i) => [name, rows[i]])) as unknown as {
    [T in keyof Tables]: Tables[T][]
  } & Record<string, ({ user_id?: number } & Times)[]>

  const person = (id: number | null) => (id === null ? 'nobody' : (['', 'owner', 'other'][id] ?? 'newcomer'))
  const session = (id: string | null) => (id === null ? 'nothing' : (SESSIONS[id] ?? 'new'))
  const password = (hash: string | null) =>
    hash === null ? 'no' : hash === HASH ? 'old' : hash === CHEAP_HASH ? 'imported' : 'new'
  const waiting = tables.outbox.map(({ kind, recipient }) => `mail to ${recipient}: ${subjectOf(kind)}`)
  const sent = mails.map(({ to, subject }) => `mail to ${to}: ${subject.replace('Latchkey: ', '')}`)
  return [
    ...tables.users.map(
      ({ id, email, email_verified, hashed_password, disabled_at, roles, ...rest }) =>
        `user ${person(id)}: ${email}, ${email_verified ? 'confirmed' : 'unconfirmed'}, ` +
        `${password(hashed_password)} password${disabled_at === null ? '' : ', disabled'}` +
        `${roles === '[]' ? '' : `, roles ${roles}`}${details({ ...rest, disabled_at })}`,
    ),
    ...tables.sessions.map(
      ({ id, user_id, revoked_at, generation, auth_time, ...rest }) =>
        `session ${session(id)} of ${person(user_id)}: ${revoked_at === null ? 'standing' : 'revoked'}, ` +
        `generation ${generation}, password typed at ${time(auth_time)}${details({ ...rest, revoked_at })}`,
    ),
    ...tables.revocations.map(({ session_id, until }) => `published: ${session(session_id)}${details({ until })}`),
    ...tables.one_time_tokens.map(
      ({ user_id, purpose, email, hash, expires_at }) =>
        `link: ${purpose} of ${person(user_id)} to ${email}, ${hash === LINK_HASH ? 'given' : 'new'}` +
        details({ expires_at }),
    ),
    ...tables.undos.map(
      ({ user_id, what, email, hash, created_at, expires_at }) =>
        `undo: ${what} of ${person(user_id)} to ${email}, ${hash === NOTICE_HASH ? 'given' : 'new'}` +
        details({ created_at, expires_at }),
    ),
    ...new Set([...waiting, ...sent]),
    ...tables.audit_events.map(
      ({ at, event, reason, user_id, session_id, actor }) =>
        `audit: ${event}${reason === null ? '' : ` (${reason})`} of ${person(user_id)} in ${session(session_id)}` +
        `${actor === null ? '' : ` by ${actor}`}${details({ at })}`,
    ),
    ...others.flatMap((name) =>
      tables[name]!.map(({ user_id, ...row }) => `${name} of ${person(user_id ?? null)}${details(named(row))}`),
    ),
  ].sort()
}

const time = (seconds: number) => `${seconds < AT ? '-' : '+'}${Math.abs(seconds - AT)}`

/** Without what is random: ids, hashes, and what is encrypted; and without guesses, which are counted before they count. */
const named = ({ guesses: _guesses, ...columns }: Record<string, unknown>) =>
  Object.fromEntries(
    Object.entries(columns).map(([name, value]) => [
      name,
      typeof value === 'string' && /^[\w-]{22,}$/.test(value) ? 'random' : value,
    ]),
  )

const details = (columns: Record<string, unknown>) =>
  ` | ${Object.entries(columns)
    .map(([name, value]) => `${name} ${typeof value === 'number' && value > 1e9 ? time(value) : String(value)}`)
    .join(', ')}`

/** What was taken away and what was added, each without its details. */
function difference(before: string[], after: string[]): string[] {
  const brief = (sign: string, lines: string[]) => lines.map((line) => `${sign} ${line.split(' | ')[0]}`)
  return [...brief('-', less(before, after)), ...brief('+', less(after, before))].sort()
}

/** The lines without those of another list, each as often as it stands there. */
function less(lines: string[], others: string[]): string[] {
  const left = [...others]
  return lines.filter((line) => {
    const i = left.indexOf(line)
    if (i >= 0) left.splice(i, 1)
    return i < 0
  })
}
