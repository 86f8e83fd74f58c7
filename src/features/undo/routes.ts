import { Hono } from 'hono'
import type { AppEnv } from '../../http/app-env.ts'
import { body } from '../../http/body.ts'
import { callOf } from '../../http/call.ts'
import { undoing } from './inputs.ts'
import { undo } from './undo.ts'

/** Undoing what a notice reported. */
export const routes = new Hono<AppEnv>()
  .basePath('/user')
  .post('/undo', undoing.limit, body(undoing.input), async (c) =>
    c.json(await undo(callOf(c), c.req.valid('json').token)),
  )
