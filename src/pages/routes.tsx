import { Hono } from 'hono'
import { config } from '../config.ts'
import type { AppEnv } from '../http/app-env.ts'
import { account } from './account.tsx'
import { answerWithPage } from './answer.tsx'
import { adminConsole } from './console.tsx'
import { enhance } from './enhance.ts'
import { entry } from './entry.tsx'
import { links } from './links.tsx'
import { brandStyle, style } from './style.ts'

/** The hosted pages. They work without script: a form, a redirect, a page. What is refused is told on a page, too. */
export const pages = new Hono<AppEnv>()
  .get('/style.css', (c) =>
    c.body(style + brandStyle(config(c.env)), 200, { 'Content-Type': 'text/css; charset=utf-8' }),
  )
  .get('/enhance.js', (c) => c.body(enhance, 200, { 'Content-Type': 'text/javascript; charset=utf-8' }))
  .route('/', entry) //   /login, /logout, /register, /forgot
  .route('/', links) //   /verify, /reset
  .route('/', account) // /account
  .route('/', adminConsole) // /console
  .onError(answerWithPage)
