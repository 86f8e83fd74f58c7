import { Hono } from 'hono'
import { config } from '../config.ts'
import type { AppEnv } from '../http/app-env.ts'
import { account } from './account.tsx'
import { answerWithPage } from './answer.tsx'
import { brandStyle } from './brand.ts'
import { adminConsole } from './console.tsx'
import { entry } from './entry.tsx'
import { links } from './links.tsx'

/** The hosted pages. They work without script: a form, a redirect, a page. What is refused is told on a page, too. */
export const pages = new Hono<AppEnv>()
  .get('/brand.css', (c) => c.body(brandStyle(config(c.env)), 200, { 'Content-Type': 'text/css; charset=utf-8' }))
  .route('/', entry) //   /login, /logout, /register, /forgot
  .route('/', links) //   /verify, /reset
  .route('/', account) // /account
  .route('/', adminConsole) // /console
  .onError(answerWithPage)
