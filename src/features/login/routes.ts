import { Hono } from 'hono'
import { credentials } from '../../core/credentials.ts'
import type { AppEnv } from '../../http/app-env.ts'
import { body } from '../../http/body.ts'
import { prefilter } from '../../http/prefilter.ts'
import { signInWithPassword } from '../../http/sign-in.ts'

/** Signing in with an email and a password. */
export const login = new Hono<AppEnv>().post('/login', prefilter('login'), body(credentials), async (c) =>
  c.json(await signInWithPassword(c, c.req.valid('json'))),
)
