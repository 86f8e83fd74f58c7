import { afterEach, describe, expect, it, vi } from 'vitest'
import { config } from '../../../src/config.ts'
import { refuseCommon } from '../../../src/core/passwords/credentials.ts'
import { Problem } from '../../../src/problem.ts'
import { clock, ENV } from '../../support.ts'

/** What a password is refused for as that of an address, or nothing. */
async function refusal(password: string, email = 'evelyn.smith@shop.example', more: object = {}) {
  try {
    await refuseCommon(password, email, config({ ...ENV, ...more }))
    return undefined
  } catch (error) {
    if (!(error instanceof Problem)) throw error
    expect(JSON.stringify(error)).not.toContain(password)
    return error.errors?.[0]?.code
  }
}

describe('what a guesser tries first', () => {
  const kinds: Record<string, string> = {
    repetition: 'aaaaaaaa ........ abababab 12121212 abcabcabc xyz!xyz!xyz aaaaaaab ㅋㅋㅋㅋㅋㅋㅋㅋ 가나가나가나가나',
    'rows of keys, letters or digits':
      '12345678 87654321 1234567890 abcdefgh hgfedcba qwertyui asdfghjk ZXCVBNM1 qwer1234 1234qwer abcd1234 asdf;lkj ' +
      'aaaa1111 11112222 1111aaaa qweasdzxc 1qaz2wsx 2wsx1qaz! zaq1xsw2 123456ab',
    'a common word with digits around it':
      'admin1234 password1234 Password1234 password2026 password! 123password !!admin!!! welcome2026 P@ssw0rd1 adm1n1234 ' +
      'summer2026 Summer2026 iloveyou99 sunshine2025 football12345678 test12345',
    'a word with a year, a date or signs': `Summer2024! Summer@2024 Welcome@2024 Password2024! P@ssw0rd2024! Admin@2024 Pass@word1
      Winter2025!! password19901225 jennifer1990 jessica123 naver1234 비밀번호1234 대한민국1234 사랑해!1234 qlalfqjsgh1 tkfkdgo1234`,
    'one word twice, or two common ones':
      'passwordpassword dragondragon adminadmin adminpassword passwordadmin mypassword1 monkeymonkey1990 jenniferjennifer!',
    'rows with signs, or woven into one another':
      '!@#$%^&* qwe123!@# 1qaz@WSX3edc qwer1234!@ 1q2w3e4r! 1q2w3e4r5t a1b2c3d4 Aa123456! Abcd@1234',
    'a date': '19900101 1990-01-01 01-01-1990 kim19901225',
    'the address or its parts':
      'Evelyn2024! evelyn@1990 shop2024! evelyn19901225 evelynevelyn ' +
      'evelyn12 Evelyn1990 evelyn123456 1990evelyn smith1234 evelynsmith evelynsmith1 evelyn.smith smithevelyn99 ' +
      'evelyn.smith@shop.example Evelyn.Smith1! shop1234',
    'the name of the service': 'latchkey Latchkey1 latchkey2026 1latchkey! Latchkey2024!',
  }
  const words = Object.entries(kinds).flatMap(([kind, list]) => list.split(/\s+/).map((password) => [kind, password]))

  it.each([...words, ['repetition', ' '.repeat(8)], ['one word twice', 'Password password']])(
    'is refused: %s, %s',
    async (_kind, password = '') => expect(await refusal(password)).toBe('too_common'),
  )

  it('is refused: the name that the service has here, with and without its spaces', async () => {
    for (const password of ['우리 가게2026', '우리가게1234', '우리가게우리가게']) {
      expect([password, await refusal(password, 'a@b.example', { APP_NAME: '우리 가게' })]).toEqual([
        password,
        'too_common',
      ])
    }
  })
})

describe('what no guesser tries first', () => {
  it.each([
    'correct.horse.battery',
    'a password of somebody',
    'many grey herons',
    'password and more of it',
    'evelyn likes to swim',
    'a Latchkey for somebody',
    'Tr0ub4dor&3',
    'vY7#kq2!',
    'zxhkqwvb',
    '밝값닭삶흙넋값없',
    '🔑🌊🍜🚲🎻🦉🧭🪁',
    'summer in the hills',
    '가을 하늘은 높다',
    'dragon-fruit-salad',
    'abcdefgh and then some',
    '1234 steps to the sea',
    'password8391027465',
    'dragon monkey shadow',
    'password-for-summer-2024',
    'correct horse battery staple',
    'hunter of grey herons',
    '1990 was a good year',
    '나는 오늘 학교에 갔다',
    '사랑해요 그대를',
    'Summer#kq7vY2024',
    'winterkq7vy',
    '12-34-kq-vy',
  ])('passes: %s', async (password) => expect(await refusal(password)).toBeUndefined())

  it('is hardly ever refused: at most 1 of 200 random passwords', async () => {
    const alphabet = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!@#$%&*-'
    const random = () => [...crypto.getRandomValues(new Uint8Array(8))].map((byte) => alphabet[byte % 70]!).join('')
    let refused = 0
    for (let i = 0; i < 2_000; i++) if ((await refusal(random())) !== undefined) refused++
    expect(refused).toBeLessThanOrEqual(12)
  })

  it('is judged at once, however long and whatever it is', async () => {
    const startedAt = performance.now()
    for (const part of ['a', '1', 'ab', 'abc1', '!a', 'e\u0301', '🔑', 'evelyn'])
      await refusal(part.repeat(256).slice(0, 256))
    expect(performance.now() - startedAt).toBeLessThan(500)
  })
})

describe('PASSWORD_MIN_LENGTH', () => {
  it('asks for more than 8 characters, counted as people see them, and never for less', async () => {
    const more = { PASSWORD_MIN_LENGTH: '12' }
    expect(await refusal('🔑🌊🍜🚲🎻🦉🧭🪁🎲🪴🛶', 'a@b.example', more)).toBe('too_short')
    expect(await refusal('🔑🌊🍜🚲🎻🦉🧭🪁🎲🪴🛶🏔', 'a@b.example', more)).toBeUndefined()
    for (const [value, code] of [
      ['7', 'too_small'],
      ['65', 'too_large'],
    ]) {
      const errors = [{ field: 'PASSWORD_MIN_LENGTH', code }]
      expect(() => config({ ...ENV, PASSWORD_MIN_LENGTH: value })).toThrow(expect.objectContaining({ errors }) as Error)
    }
  })
})

describe('a password that was found in a breach', () => {
  const BREACHED_PASSWORDS_URL = 'https://breaches.example/range/'
  const PASSWORD = 'many grey herons'
  afterEach(() => void vi.restoreAllMocks())

  /** Somebody who answers the range of the password, and is asked with five digits of its hash alone. */
  async function answering(answer: (suffix: string) => Promise<Response>) {
    const digest = new Uint8Array(await crypto.subtle.digest('SHA-1', new TextEncoder().encode(PASSWORD)))
    const hash = [...digest]
      .map((byte) => byte.toString(16).padStart(2, '0'))
      .join('')
      .toUpperCase()
    vi.restoreAllMocks()
    const log = vi.spyOn(console, 'error').mockReturnValue()
    const asked = vi.spyOn(globalThis, 'fetch').mockImplementation(() => answer(hash.slice(5)))
    const code = await refusal(PASSWORD, 'a@b.example', { BREACHED_PASSWORDS_URL })
    for (const [url, init] of asked.mock.calls) {
      expect(url).toBe(BREACHED_PASSWORDS_URL + hash.slice(0, 5))
      expect(new Headers(init?.headers).get('Add-Padding')).toBe('true')
      expect(JSON.stringify(init)).not.toContain(hash.slice(5, 12))
    }
    return { code, asked: asked.mock.calls.length, logged: log.mock.calls.flat().join() }
  }
  const text = (body: string, init?: ResponseInit) => Promise.resolve(new Response(body, init))
  const others = `${'0'.repeat(35)}:3\r\n${'F'.repeat(35)}:0`

  it('is refused', async () => {
    expect(await answering((suffix) => text(`${others}\r\n${suffix}:17\r\n`))).toMatchObject({
      code: 'breached',
      asked: 1,
    })
  })

  it('is not one that only the padding contains, or nothing', async () => {
    const quiet = { code: undefined, asked: 1, logged: '' }
    expect(await answering((suffix) => text(`${suffix}:0\r\n${others}`))).toEqual(quiet)
    expect(await answering(() => text(others))).toEqual(quiet)
  })

  it.each<[string, () => Promise<Response>]>([
    ['is not there', () => Promise.reject(new Error('connection refused'))],
    ['answers 503', () => text('', { status: 503 })],
    ['answers with a page', () => text('<!doctype html><p>Please sign in to the network.</p>')],
    ['answers with nothing', () => text('')],
    ['answers with less than a line', () => text(`${others}\r\n${'0'.repeat(35)}`)],
    ['leads elsewhere', () => text('', { status: 302, headers: { Location: 'https://evil.example' } })],
    ['is silent', () => new Promise(() => {})],
    ['is silent in the middle of its body', () => Promise.resolve(new Response(new ReadableStream({})))],
  ])('passes within a second where the list %s, with a line in the log', async (_how, answer) => {
    clock.holdTimers()
    const judged = answering(answer)
    let rung = 0
    const isJudged = () => Promise.race([judged.then(() => true), scheduler.wait(1).then(() => false)])
    for (; !(await isJudged()); rung += 10) clock.ring(10)
    const { code, logged } = await judged
    expect([code, logged]).toEqual([undefined, expect.stringContaining('"code":"breaches_not_checked"')])
    expect(rung).toBeLessThan(1_500)
  })

  it('is read no further than a megabyte', async () => {
    const chunk = new TextEncoder().encode(`${'0'.repeat(35)}:3\r\n`.repeat(2_000))
    let [sent, cancelled] = [0, false]
    const pull = (to: ReadableStreamDefaultController) => {
      sent += chunk.byteLength
      to.enqueue(chunk)
    }
    const { logged } = await answering(() =>
      Promise.resolve(new Response(new ReadableStream({ pull, cancel: () => void (cancelled = true) }))),
    )
    expect(logged).toContain('more than 1048576 bytes')
    expect(cancelled).toBe(true)
    expect(sent).toBeLessThan(2_000_000)
  })

  it('is asked about only where that is set, and where nothing else is wrong', async () => {
    const asked = vi.spyOn(globalThis, 'fetch')
    expect(await refusal(PASSWORD)).toBeUndefined()
    expect(await refusal('aaaaaaaa', 'a@b.example', { BREACHED_PASSWORDS_URL })).toBe('too_common')
    expect(asked).not.toHaveBeenCalled()
  })
})
