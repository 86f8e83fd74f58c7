import { Hono } from 'hono'
import { expect, it } from 'vitest'
import type { Feature } from '../../src/core/call.ts'
import type { AppEnv } from '../../src/http/app-env.ts'
import { carry } from '../../src/http/registry.ts'
import { answerWithPage } from '../../src/pages/answer.tsx'
import { showPage } from '../../src/pages/own-page.tsx'
import { formOf } from '../../src/pages/view.tsx'
import { Problem } from '../../src/problem.ts'
import { ENV } from '../support.ts'

const nickname: Feature = {
  name: 'nickname',
  done: { named: { en: 'That is your name now.', ko: '별명을 정했습니다.' } },
  labels: { nickname: { en: 'Nickname', ko: '별명' } },
}

const app = new Hono<AppEnv>()
  .use(carry({ features: [nickname], methods: [], events: {}, isPage: () => false }))
  .get('/nickname', (c) => showPage(c, 'Your name', ''))
  .post('/nickname/new', formOf('/nickname'), () => {
    throw new Problem('invalid_body', { errors: [{ field: 'nickname', code: 'too_short' }] })
  })
app.onError(answerWithPage)

const textOf = async (path: string, init?: RequestInit) => (await app.request(path, init, ENV)).text()

it('says what a feature has declared to be done, in either language, and nothing else', async () => {
  expect(await textOf('/nickname?done=named')).toContain('<p class="done" role="status">That is your name now.</p>')
  expect(await textOf('/nickname?done=named&lang=ko')).toContain('별명을 정했습니다.')
  for (const name of ['other', 'constructor', '__proto__', 'toString']) {
    expect(await textOf(`/nickname?done=${name}`)).not.toContain('class="done"')
  }
})

it('calls a field what its feature does', async () => {
  const html = await textOf('/nickname/new', { method: 'POST' })
  expect(html).toContain('<a href="#nickname">Nickname: This is too short.</a>')
})

it('offers the languages at the address of the page that a form says it is of', async () => {
  expect(await textOf('/nickname/new', { method: 'POST' })).toContain('href="/nickname?lang=ko"')
})
