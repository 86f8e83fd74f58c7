import { Hono } from 'hono'
import { config } from '../config.ts'
import type { AppEnv } from '../http/app-env.ts'
import type { Mounted } from '../http/registry.ts'
import { brandStyle } from './brand.ts'

/** What all hosted pages share. */
export const shared = {
  name: 'pages',
  pages: new Hono<AppEnv>().get('/brand.css', (c) =>
    c.body(brandStyle(config(c.env)), 200, { 'Content-Type': 'text/css; charset=utf-8' }),
  ),
} satisfies Mounted
