import { describe, expect, it } from 'vitest'
import { formTarget, isRegistered, withAnswer } from '../../../src/features/oauth/redirect-uri.ts'
import { authorizationRequest, browse, freshDatabase, insertClient } from '../../support.ts'

freshDatabase()

const REGISTERED = [
  'https://app.example/callback',
  'https://app.example/callback?tenant=1',
  'http://127.0.0.1:3000/callback',
  'http://localhost/callback',
  'http://[::1]:8080/callback',
  'com.example.app:/callback',
]

const RIGHT = [
  ...REGISTERED,
  'http://127.0.0.1/callback',
  'http://127.0.0.1:1/callback',
  'http://127.0.0.1:65535/callback',
  'http://localhost:49152/callback',
  'http://[::1]:49152/callback',
  'http://[::1]/callback',
]

const WRONG = [
  '',
  ' ',
  'https://app.example',
  'https://app.example/',
  'https://app.example/callback/',
  'https://app.example/callback/../callback',
  'https://app.example/callback/../../evil',
  'https://app.example/callback/..',
  'https://app.example/callback/.',
  'https://app.example/./callback',
  'https://app.example//callback',
  'https://app.example/Callback',
  'https://app.example/callback2',
  'https://app.example/callbac',
  'https://app.example/callback?',
  'https://app.example/callback?tenant=2',
  'https://app.example/callback?tenant=1&x=1',
  'https://app.example/callback?x=1',
  'https://app.example/callback#',
  'https://app.example/callback#x',
  'https://app.example/callback;x=1',
  'https://app.example/callback%2F',
  'https://app.example/%63allback',
  'https://app.example/callback%00',
  'https://app.example/callback%0d%0aLocation:%20https://evil.example',
  'https://app.example/callback\r\nLocation: https://evil.example',
  'https://app.example/callback ',
  ' https://app.example/callback',
  '\thttps://app.example/callback',
  'https://app.example/callback\n',
  'https://app.example\\callback',
  'https:\\\\app.example\\callback',
  'https:/app.example/callback',
  'https:app.example/callback',
  '//app.example/callback',
  '/callback',
  'app.example/callback',
  'http://app.example/callback',
  'HTTPS://app.example/callback',
  'https://APP.example/callback',
  'https://app.example./callback',
  'https://app.example:443/callback',
  'https://app.example:8443/callback',
  'https://www.app.example/callback',
  'https://evil.example/callback',
  'https://app.example.evil.example/callback',
  'https://evil.example/https://app.example/callback',
  'https://evilapp.example/callback',
  'https://app.example@evil.example/callback',
  'https://user@app.example/callback',
  'https://user:password@app.example/callback',
  'https://app.example%2eevil.example/callback',
  'https://app.example%23@evil.example/callback',
  'https://app。example/callback',
  'https://аpp.example/callback',
  'https://app.example/callback,https://evil.example',
  'https://app.example/callback https://evil.example',
  'https://*.example/callback',
  'javascript:alert(1)//https://app.example/callback',
  'data:text/html,https://app.example/callback',
  'http://127.0.0.1:3000/other',
  'http://127.0.0.1:3000/callback/',
  'http://127.0.0.1:3000/callback?x=1',
  'https://127.0.0.1:3000/callback',
  'http://127.0.0.1:0/callback',
  'http://127.0.0.1:65536/callback',
  'http://127.0.0.1:99999999/callback',
  'http://127.0.0.1:/callback',
  'http://127.0.0.1:03000/callback',
  'http://127.0.0.1:3000@evil.example/callback',
  'http://127.0.0.1:3000evil.example/callback',
  'http://127.0.0.1.evil.example:3000/callback',
  'http://127.0.0.2:3000/callback',
  'http://127.1:3000/callback',
  'http://0x7f000001:3000/callback',
  'http://localhost.evil.example/callback',
  'http://localhost:3000/callback@evil.example',
  'http://localhost\\@evil.example/callback',
  'http://[::ffff:127.0.0.1]:3000/callback',
  'http://[0:0:0:0:0:0:0:1]:8080/callback',
  'com.example.app://callback',
  'com.example.app:/callback/',
  'com.example.App:/callback',
  'com.evil.app:/callback',
]

describe('a redirect address', () => {
  it.each(RIGHT)('may be %j', (uri) => expect(isRegistered(uri, REGISTERED)).toBe(true))

  it.each(WRONG)('may not be %j', (uri) => expect(isRegistered(uri, REGISTERED)).toBe(false))

  it('may have another port only on this machine', () => {
    expect(isRegistered('https://app.example:8443/callback', ['https://app.example/callback'])).toBe(false)
    expect(isRegistered('http://localhost:3000', ['http://localhost:8080'])).toBe(true)
    expect(isRegistered('http://127.0.0.1:3000/callback', ['http://localhost:3000/callback'])).toBe(false)
  })

  it('is proved before anything is sent there', async () => {
    const app = await insertClient({ redirect_uris: REGISTERED })
    for (const redirect_uri of [
      ...WRONG,
      undefined,
      [REGISTERED[0]!, REGISTERED[0]!],
      [REGISTERED[0]!, 'https://evil.example'],
    ]) {
      for (const wrong of [{}, { response_type: 'token' }, { prompt: 'none' }, { scope: ['a', 'b'] }]) {
        const answer = await browse(authorizationRequest(app, { redirect_uri, ...wrong }))
        expect([redirect_uri, answer.status, answer.headers.get('Location')]).toEqual([redirect_uri, 400, null])
        expect(await answer.text()).toContain('an address that is not registered')
      }
    }
    for (const redirect_uri of RIGHT) {
      const answer = await browse(authorizationRequest(app, { redirect_uri, response_type: 'token' }))
      const to = answer.headers.get('Location')!
      expect(
        to.startsWith(`${redirect_uri}${redirect_uri.includes('?') ? '&' : '?'}error=unsupported_response_type`),
      ).toBe(true)
    }
  })

  it('is refused like the application that is not known', async () => {
    const app = await insertClient()
    for (const client_id of [undefined, '', 'x', `${app.client.id} `, [app.client.id, app.client.id], "' OR 1=1 --"]) {
      const answer = await browse(authorizationRequest(app, { client_id }))
      expect([client_id, answer.status, answer.headers.get('Location')]).toEqual([client_id, 400, null])
      expect(await answer.text()).toContain('not known here')
    }
  })
})

describe('the answer', () => {
  it('is appended to the query that is there', () => {
    expect(withAnswer('https://a.example/cb', { code: 'a b&c', state: undefined })).toBe(
      'https://a.example/cb?code=a+b%26c',
    )
    expect(withAnswer('https://a.example/cb?t=1', { code: 'x' })).toBe('https://a.example/cb?t=1&code=x')
    expect(withAnswer('com.example.app:/cb', { code: 'x' })).toBe('com.example.app:/cb?code=x')
  })

  it('has a source that a policy can name', () => {
    expect(REGISTERED.map(formTarget)).toEqual([
      'https://app.example',
      'https://app.example',
      'http://127.0.0.1:3000',
      'http://localhost',
      'http:',
      'com.example.app:',
    ])
  })
})
