/** The quickstart and the hosted sign-in in the three engines that people use: Chromium, Firefox, and WebKit as Safari has it. */
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Engine, engines, type Window } from './engines.ts'
import { type Service, startService } from './service.ts'

/** As README starts it, with an application beside it, and over a certificate that nobody signed. */
let service: Service
let hosted: Service
let secure: Service
let application: Server
let home: string
beforeAll(async () => {
  application = createServer((_, response) =>
    response.setHeader('Content-Type', 'text/html').end('<p>The application</p>'),
  )
  await new Promise<void>((done) => application.listen(0, 'localhost', done))
  home = `http://localhost:${(application.address() as AddressInfo).port}/`
  service = await startService({ withoutArguments: true })
  hosted = await startService({ vars: { ALLOWED_RETURN_URLS: home } })
  secure = await startService({ args: ['--local-protocol', 'https'] })
})
afterAll(async () => {
  for (const started of [service, hosted, secure]) await started?.stop()
  application?.close()
})

const WRONG = 'The email or the password is wrong.'

describe.each(engines)('in $name', ({ name, isMissing, start }: Engine) => {
  const withWindow = async (use: (window: Window) => Promise<void>, options?: Parameters<typeof start>[0]) => {
    const window = await start(options)
    try {
      await use(window)
    } finally {
      await window.close()
    }
  }
  const signIn = async (window: Window, { email, password } = service.demo) => {
    await window.type('#email', email)
    await window.type('#password', password)
    await window.press('form[action="/login"] [type=submit]')
  }
  const kept = async (window: Window) =>
    (await window.cookies()).map(({ name, secure, httpOnly }) => ({ name, secure, httpOnly })).sort(byName)

  it.skipIf(isMissing).each(['localhost', '127.0.0.1'])('signs in on http://%s, stays, and signs out', async (host) => {
    await withWindow(async (window) => {
      const url = service.url.replace('localhost', host)
      await window.open(`${url}/login`)
      if (name !== 'WebKit') expect(await window.text()).toContain('Sign in with a passkey') // Safari can, too
      await signIn(window, { ...service.demo, password: 'a wrong password' })
      expect(await window.text()).toContain(WRONG)
      expect(await kept(window)).toEqual([])

      await window.open(`${url}/account`)
      expect(await window.url()).toBe(`${url}/login?return_to=/account`)
      await signIn(window)
      expect(await window.url()).toBe(`${url}/account`)
      expect(await window.text()).toContain(service.demo.email)
      const ours = ['latchkey', 'latchkey-device', 'latchkey-renewal'].map((name) => ({
        name,
        secure: false,
        httpOnly: true,
      }))
      expect(await kept(window)).toEqual(ours)

      await window.open(`${url}/login?lang=ko`)
      await window.open(`${url}/login`)
      expect(await window.text()).toContain('로그아웃')
      await window.open(`${url}/login?lang=en`)

      await window.open(`${url}/login`)
      await window.press('form[action="/logout"] [type=submit]')
      expect(await window.text()).toContain('Password')
      expect((await kept(window)).map(({ name }) => name)).toEqual(['lang', 'latchkey-device'])
      await window.open(`${url}/account`)
      expect(await window.url()).toBe(`${url}/login?return_to=/account`)
    })
  })

  it.skipIf(isMissing)('leads back to an application that sent its reader to sign in', async () => {
    await withWindow(async (window) => {
      await window.open(`${hosted.url}/login?return_to=${encodeURIComponent(home)}`)
      await signIn(window)
      expect(await window.url()).toBe(home)
      expect(await window.text()).toContain('The application')
      await window.open(`${hosted.url}/account`)
      expect(await window.url()).toBe(`${hosted.url}/account`)
    })
  })

  it.skipIf(isMissing)('signs in over https, by cookies with the prefix', async () => {
    expect(secure.url).toMatch(/^https:/)
    await withWindow(
      async (window) => {
        await window.open(`${secure.url}/account`)
        await signIn(window)
        expect(await window.url()).toBe(`${secure.url}/account`)
        const ours = ['__Host-latchkey', '__Host-latchkey-device', '__Host-latchkey-renewal'].map((name) => ({
          name,
          secure: true,
          httpOnly: true,
        }))
        expect(await kept(window)).toEqual(ours)
      },
      { acceptInsecureCerts: true },
    )
  })
})

const byName = (a: { name: string }, b: { name: string }): number => (a.name < b.name ? -1 : 1)
