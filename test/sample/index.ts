import { Hono } from 'hono'
import type { AppEnv, Yours } from '#latchkey'
import { action } from './routes.ts'

/** Your own code, and a resource, whose routes `test/http/resource.test.ts` adds. */
export const yours = {
  name: 'yours',
  routes: new Hono<AppEnv>().route('/action', action),
  resources: [
    {
      at: '/tools',
      name: 'The tools',
      scopes: {
        'tools:read': { en: 'read with the tools', ko: '도구로 읽기' },
        'tools:write': { en: 'write with the tools', ko: '도구로 쓰기' },
      },
    },
  ],
} satisfies Yours
