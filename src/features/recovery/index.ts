import type { Mounted } from '../../http/registry.ts'
import { entry } from './entry.tsx'
import { events } from './events.ts'
import { mails } from './mails.ts'
import { recovery as method } from './method.ts'
import { pages } from './pages.tsx'
import { routes } from './routes.ts'
import { security } from './security.tsx'
import { labels } from './words.ts'

/** Codes that replace a lost second factor, each once. */
export const recovery = {
  name: 'recovery',
  routes,
  pages,
  entry,
  security,
  methods: [method],
  events,
  mails,
  labels,
} satisfies Mounted
