import { describe, expect, it } from 'vitest'
import { config } from '../../../../src/config.ts'
import { documentHost } from '../../../../src/features/oauth/documents/address.ts'
import { authorizationRequest, browse, ENV, freshDatabase, Network } from '../../../support.ts'

freshDatabase()

const under = (CLIENT_ID_METADATA_DOCUMENTS: string) => config({ ...ENV, CLIENT_ID_METADATA_DOCUMENTS })
const hostOf = (id: string, hosts = '*') => documentHost(id, under(hosts))

const RIGHT = [
  ['https://claude.ai/app.json', 'claude.ai'],
  ['https://chatgpt.com/oauth/conn_Ab-1/client.json', 'chatgpt.com'],
  ['https://a.b.c.example/x/', 'a.b.c.example'],
  ['https://xn--bcher-kva.example/~me/app', 'xn--bcher-kva.example'],
  ['https://1.example/.well-known/app.json', '1.example'],
  ['https://127.0.0.1.example/app.json', '127.0.0.1.example'],
  ['https://localhost.example/app.json', 'localhost.example'],
  ['https://app.example/...', 'app.example'],
]

const WRONG = [
  '',
  'https://',
  'https://app.example',
  'https://app.example/',
  'https://app.example//',
  'https://app.example//app.json',
  'https://app.example/a//b',
  'http://app.example/app.json',
  'HTTPS://app.example/app.json',
  'ftp://app.example/app.json',
  'file:///etc/passwd',
  'data:application/json,{}',
  'javascript:alert(1)//app.example/',
  '//app.example/app.json',
  'https:app.example/app.json',
  'https:/app.example/app.json',
  'https:\\\\app.example\\app.json',
  'https://app.example\\app.json',
  ' https://app.example/app.json',
  'https://app.example/app.json ',
  'https://app.example/app.json\n',
  'https://app.example/app\t.json',
  'https://app.example/app.json\0',
  'https://app.example/app.json#',
  'https://app.example/app.json#x',
  'https://app.example/app.json?',
  'https://app.example/app.json?x=1',
  'https://app.example/./app.json',
  'https://app.example/a/../app.json',
  'https://app.example/..',
  'https://app.example/.',
  'https://app.example/%2e%2e/app.json',
  'https://app.example/a%2f..%2fapp.json',
  'https://app.example/%61pp.json',
  'https://app.example/앱.json',
  'https://user@app.example/app.json',
  'https://user:password@app.example/app.json',
  'https://@app.example/app.json',
  'https://app.example@127.0.0.1/app.json',
  'https://app.example:443/app.json',
  'https://app.example:8443/app.json',
  'https://app.example:/app.json',
  'https://APP.example/app.json',
  'https://앱.example/app.json',
  'https://ａpp.example/app.json',
  'https://app。example/app.json',
  'https://app.example./app.json',
  'https://.app.example/app.json',
  'https://app..example/app.json',
  'https://-app.example/app.json',
  'https://app-.example/app.json',
  'https://app_1.example/app.json',
  'https://*.example/app.json',
  'https://127.0.0.1/app.json',
  'https://127.0.0.1:8787/app.json',
  'https://127.1/app.json',
  'https://2130706433/app.json',
  'https://0x7f000001/app.json',
  'https://0x7f.0.0.1/app.json',
  'https://0x7f.1/app.json',
  'https://017700000001/app.json',
  'https://0177.0.0.1/app.json',
  'https://0/app.json',
  'https://0.0.0.0/app.json',
  'https://10.0.0.1/app.json',
  'https://169.254.169.254/latest/meta-data',
  'https://192.168.1.1/app.json',
  'https://8.8.8.8/app.json',
  'https://[::1]/app.json',
  'https://[::]/app.json',
  'https://[::ffff:127.0.0.1]/app.json',
  'https://[fd00::1]/app.json',
  'https://[fe80::1%25eth0]/app.json',
  'https://[2606:4700::1111]/app.json',
  'https://①②⑦.0.0.1/app.json',
  'https://localhost/app.json',
  'https://localhost:8787/app.json',
  'https://a.localhost/app.json',
  'https://printer.local/app.json',
  'https://metadata.google.internal/app.json',
  'https://nas.lan/app.json',
  'https://router.home/app.json',
  'https://router.home.arpa/app.json',
  'https://1.0.0.127.in-addr.arpa/app.json',
  'https://wiki.corp/app.json',
  'https://wiki.intranet/app.json',
  'https://abc.onion/app.json',
  'https://intranet/app.json',
  'https://login.example/app.json', // this service
  `https://app.example/${'a'.repeat(500)}`,
]

describe('the address of a document', () => {
  it.each(RIGHT)('may be %j', (id, host) => expect(hostOf(id)).toBe(host))

  it.each(WRONG)('is not %j', (id) => expect(hostOf(id)).toBeUndefined())

  it.each([
    ['', false],
    ['app.example', true],
    ['claude.ai, app.example', true],
    ['ple.example', false],
    ['sub.app.example', false],
    ['*', true],
    ['* -app.example', false],
    ['-app.example *', false],
    ['app.example -app.example', false],
    ['* -example.com', true],
  ])('counts under the setting %j: %s', (hosts, allowed) => {
    expect(hostOf('https://app.example/app.json', hosts)).toBe(allowed ? 'app.example' : undefined)
  })

  it.each(['https://app.example', 'app.example/', '*.example', 'localhost', 'app.example:443', '-*'])(
    'is allowed by no setting %j',
    (hosts) => expect(() => under(hosts)).toThrow(expect.objectContaining({ code: 'not_ready' })),
  )

  it('is the only thing that is ever fetched', async () => {
    const network = new Network()
    try {
      for (const id of WRONG) {
        const answer = await browse(authorizationRequest({ client: { id } as never, secret: '' }))
        expect([id, answer.status]).toEqual([id, 400])
      }
      expect(network.requests).toEqual([])
    } finally {
      network.close()
    }
  })
})
