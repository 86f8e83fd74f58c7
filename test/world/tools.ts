import { createExecutionContext, waitOnExecutionContext } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { Hono } from 'hono'
import { appOf, features } from '../../src/app.ts'
import type { AppEnv } from '../../src/http/app-env.ts'
import { type Accessed, requireScope, resourceRequired } from '../../src/http/resource.ts'
import { ORIGIN } from './requests.ts'

const routes = new Hono<Accessed>()
  .use('/tools', resourceRequired('/tools', 'tools:read'))
  .post('/tools', (c) => c.json(c.get('access')))
  .put('/tools', (c) => {
    requireScope(c, 'tools:write')
    return c.json({})
  })

const { app } = appOf([...features, { name: 'tools', routes: new Hono<AppEnv>().route('/', routes) }])

/** Calls the resource that `test/sample` declares: POST shows its access, PUT writes. */
export async function useTools(init: RequestInit = {}, own: Env = env): Promise<Response> {
  const ctx = createExecutionContext()
  const answer = await app.fetch(new Request(`${ORIGIN}/tools`, { method: 'POST', ...init }), own, ctx)
  await waitOnExecutionContext(ctx)
  return answer
}
