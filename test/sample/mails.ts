import { Hono } from 'hono'
import { type AppEnv, mailLayout, type Yours } from '#latchkey'
import { action } from './routes.ts'

export const yours = {
  name: 'yours',
  routes: new Hono<AppEnv>().route('/action', action),
  mailWords: {
    password_changed: {
      en: {
        subject: 'Your new password works',
        lines: ['Your new password for {app} works.', 'Was it not you? Tell us within seven days.'],
      },
    },
  },
  mailLayout: (mail) =>
    mailLayout({ ...mail, parts: [...mail.parts, { type: 'text', lines: ['Shop Ltd, 1 Main Street, Seoul'] }] }),
} satisfies Yours
