import { Hono } from 'hono'
import * as v from 'valibot'
import type { Begun, Call, Method } from '../../src/core/call.ts'
import { first } from '../../src/core/d1.ts'
import { newTicket, nextTicket, readTicket, type Ticket, writeTicket } from '../../src/core/ticket.ts'
import { findUser } from '../../src/core/users/users.ts'
import { guess } from '../../src/doorkeeper/rpc.ts'
import type { AppEnv } from '../../src/http/app-env.ts'
import { body } from '../../src/http/body.ts'
import { callOf } from '../../src/http/call.ts'
import type { Mounted } from '../../src/http/registry.ts'
import { randomId } from '../../src/lib/bytes.ts'
import { sql } from '../../src/lib/sql.ts'
import { Problem } from '../../src/problem.ts'
import { signIn, ticketIn } from '../../src/signing-in/finish.ts'
import { prove } from '../../src/signing-in/prove.ts'
import { spend } from '../../src/signing-in/spent.ts'

/** The kind of a ticket that holds a question. */
const ASKED = 'riddle'

/** The answer to a question: the secret and the question, joined. */
export const answerTo = (secret: string, question: string): string => `${secret} ${question}`

const input = v.object({ ticket: v.string(), answer: v.string() })

/** A method of two steps, as a feature that nobody knows would bring it: a question, and an answer that holds a secret. */
export const riddle = {
  name: 'riddle',
  kind: 'have',
  amr: [],
  ways: sql`(SELECT count(*) FROM riddles WHERE user_id = users.id)`,

  async begin(call: Call, _input: unknown, ticket?: Ticket): Promise<Begun> {
    const question = randomId()
    const asked = ticket ? nextTicket(ticket, { data: question }) : newTicket(call, { data: question })
    return { ticket: await writeTicket(call, ASKED, asked), expires_in: asked.until - call.now, question }
  },

  async show(call: Call, { answer }: { answer: string }, ticket?: Ticket) {
    if (!ticket?.user) throw new Problem('invalid_ticket')
    const { id, data = '', user: who, device_token } = ticket
    const user = await findUser(call.env.DB, sql`id = ${who.id}`, call.registry.methods)
    if (!user) throw new Problem('invalid_ticket')
    const isRight = await guess(call, { method: 'riddle', email: user.email, device_token }, async () => {
      const row = await first<{ secret: string }>(
        call.env.DB,
        sql`SELECT secret FROM riddles WHERE user_id = ${who.id}`,
      )
      return row !== null && answer === answerTo(row.secret, data)
    })
    if (!isRight) {
      await spend(call, { id, until: ticket.until })
      throw new Problem('invalid_credentials')
    }
    return prove(call, { user, methods: ['riddle'], spends: [{ id, until: ticket.until }] })
  },
} satisfies Method

/** The whole feature: two routes. */
export const riddles = {
  name: 'riddles',
  methods: [riddle],
  routes: new Hono<AppEnv>()
    .post('/user/login/riddle/question', body(v.object({ ticket: v.optional(v.string()) })), async (c) => {
      const call = callOf(c)
      const { ticket } = c.req.valid('json')
      return c.json(await riddle.begin(call, {}, await ticketIn(call, ticket)))
    })
    .post('/user/login/riddle', body(input), async (c) => {
      const call = callOf(c)
      const { ticket, answer } = c.req.valid('json')
      return c.json(await signIn(call, riddle, { input: { answer }, ticket: await readTicket(call, ASKED, ticket) }))
    }),
} satisfies Mounted
