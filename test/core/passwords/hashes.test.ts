import { describe, expect, it } from 'vitest'
import { equal } from '../../../src/core/passwords/hashes/equal.ts'
import {
  firebaseHash,
  flaskSecurityHash,
  judgeHash,
  readHash,
  unwrapHash,
} from '../../../src/core/passwords/hashes/index.ts'
import { pbkdf2 } from '../../../src/core/passwords/hashes/pbkdf2-script.ts'
import { DIGEST_BYTES } from '../../../src/core/passwords/hashes/pbkdf2.ts'
import { readAs } from '../../../src/core/passwords/hashes/reading.ts'
import { checkPassword } from '../../../src/core/passwords/passwords.ts'
import { utf8 } from '../../../src/lib/bytes.ts'
import fixture from './hashes.fixture.json'

const PASSWORD = 'correct horse battery staple'

/** @throws Error when the hash is refused */
function read(text: string) {
  const hash = readHash(text)
  if ('refused' in hash) throw new Error(`${hash.refused}: ${text}`)
  const matches = async (password: string) => {
    for (const one of hash.readings?.(password) ?? [password]) if (await hash.matches(one)) return true
    return false
  }
  return { ...hash, matches }
}

const made = (format: string) =>
  fixture.find((entry) => entry.format === format && entry.password === PASSWORD)?.hash ?? ''

/** White space around a password is none of it to these, and its normal form none of it to those. */
const TRIMMING = new Set(['phpass', 'wordpress bcrypt'])
const NORMALISING = /^(better-auth|flask-security) /

describe.each([...new Set(fixture.map(({ format }) => format))])('%s, as its maker writes it', (format) => {
  const entries = fixture.filter((entry) => entry.format === format)

  it.each(entries)('opens with $password and nothing else', async ({ hash, password }) => {
    expect(judgeHash(hash)).toEqual({ verdict: 'accepted', format })
    const { matches } = read(hash)
    expect(await matches(password)).toBe(true)
    const wrong = [
      `${password.slice(0, 40)}${TRIMMING.has(format) ? '.' : ' '}`,
      password.slice(1),
      password.toUpperCase(),
      ...entries.map((entry) => entry.password),
    ]
    for (const guess of wrong) if (guess !== password) expect(await matches(guess)).toBe(false)
  })

  it('reads one spelling of a password, unless its maker made one of them all', async () => {
    const { hash, password } = entries.find((entry) => entry.password.includes('😀'))!
    const forms = ['NFC', 'NFD', 'NFKC', 'NFKD'].map((form) => password.normalize(form))
    const answers = await Promise.all(forms.map((guess) => read(hash).matches(guess)))
    expect(forms).not.toContain(password)
    expect(answers).toEqual(forms.map(() => NORMALISING.test(format)))
  })

  it('is as long as the password: nothing is cut', async () => {
    const { hash, password } = entries.find((entry) => entry.password.length > 72)!
    const cut = format === 'django bcrypt' // as bcrypt does, and as Django warns
    expect(await read(hash).matches(`${password.slice(0, -1)}X`)).toBe(cut)
    expect(await read(hash).matches(password.slice(0, 72))).toBe(cut)
  })

  it('is wrong when any part of it is another', async () => {
    const hash = made(format)
    const last = format === 'better-auth scrypt' ? 'f' : 'x'
    const parts = hash.includes('$') ? hash.split('$') : hash.split(':')
    for (const [i, part] of parts.slice(1).entries()) {
      if (!/^[\w./+=-]{8,}$/.test(part) || /^(pbkdf2|firebase|flask|bcrypt)-|^fbscrypt$/.test(part)) continue
      // The third character: all of its bits count, in hexadecimal and in Base64.
      const other = part.slice(0, 2) + (part[2] === last ? (last === 'f' ? 'e' : 'y') : last) + part.slice(3)
      const changed = parts.with(i + 1, /^[0-9a-f]{40,}$/.test(part) ? swapped(part) : other)
      const text = changed.join(hash.includes('$') ? '$' : ':')
      expect(text).not.toBe(hash)
      expect([text, await read(text).matches(PASSWORD)]).toEqual([text, false])
    }
  })
})

const swapped = (hex: string) => (hex.startsWith('0') ? '1' : '0') + hex.slice(1)

describe('firebase', () => {
  // From the documentation of Firebase's own scrypt utility.
  const parts = {
    mem_cost: 14,
    rounds: 8,
    signer_key: 'jxspr8Ki0RYycVU8zykbdLGjFQ3McFUH0uiiTvC8pVMXAn210wjLNmdZJzxUECKbm0QsEmYUSDzZvpjeJ9WmXA==',
    salt_separator: 'Bw==',
    salt: '42xEC+ixf3L2lw==',
    password_hash: 'lSrfV15cpx95/sZS2W9c9Kp6i/LVgQNDNC/qzrCnh1SAyZvqmZqAjTdn3aoItz+VHjoZilo78198JAdRuid5lQ==',
  }

  it('gives what its makers publish', async () => {
    const { matches } = read(firebaseHash(parts))
    expect(await matches('user1password')).toBe(true)
    expect(await matches('user1passwore')).toBe(false)
  })

  it('is the same from either alphabet of Base64', () => {
    const url = (text: string) => text.replaceAll('+', '-').replaceAll('/', '_')
    const other = { ...parts, salt: `${url(parts.salt)}\n`, password_hash: url(parts.password_hash) }
    expect(firebaseHash(other)).toBe(firebaseHash(parts))
  })

  it.each([
    ['no signer key', { signer_key: '' }, 'malformed'],
    ['a short signer key', { signer_key: 'Bw==' }, 'malformed'],
    ['a short hash', { password_hash: 'Bw==' }, 'malformed'],
    ['no salt', { salt: '' }, 'malformed'],
    ['a salt that ends the field', { salt: 'Bw==$' }, 'malformed'],
    ['what is no number', { rounds: Number.NaN }, 'malformed'],
    ['a memory cost of 0', { mem_cost: 0 }, 'malformed'],
    ['too much memory', { mem_cost: 17 }, 'too_dear'],
    ['too large blocks', { rounds: 64 }, 'too_dear'],
  ])('is refused with %s', (_name, change, reason) => {
    const text = firebaseHash({ ...parts, ...change })
    expect(judgeHash(text)).toEqual({ verdict: 'refused', reason, format: 'firebase scrypt' })
  })
})

describe('the bits of bcrypt that mean nothing', () => {
  const LOPPUX = '$2a$12$oaQbBqq8JnSM1NHRPQGXORm4GCUMqp7meTnkft4zgSnrbhoKdDV0C' // passlib matches it, by masking them
  const ALPHABET = './ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'

  it('may be set, as an old library left them', async () => {
    expect((await checkPassword('loppux', { hashed_password: LOPPUX, password_set_at: null }, 12)).result).toBe('match')
    expect((await checkPassword('loppuy', { hashed_password: LOPPUX, password_set_at: null }, 12)).result).toBe(
      'mismatch',
    )
    expect(await read(`bcrypt$${LOPPUX}`).matches('loppux')).toBe(true)
  })

  it.each(['django bcrypt', 'django bcrypt_sha256', 'flask-security bcrypt', 'wordpress bcrypt'])(
    'may be set in the salt and in the digest of %s',
    async (format) => {
      const hash = made(format)
      const at = hash.lastIndexOf('$')
      for (const [end, unused] of [[at + 22, 15] as const, [hash.length - 1, 3] as const]) {
        for (let bits = 0; bits <= unused; bits++) {
          const char = ALPHABET[(ALPHABET.indexOf(hash[end]!) & ~unused) | bits]!
          expect(await read(hash.slice(0, end) + char + hash.slice(end + 1)).matches(PASSWORD)).toBe(true)
        }
        const other = ALPHABET[ALPHABET.indexOf(hash[end]!) ^ (unused + 1)]!
        expect(await read(hash.slice(0, end) + other + hash.slice(end + 1)).matches(PASSWORD)).toBe(false)
      }
    },
  )
})

describe('WordPress', () => {
  const SLASHED = `it's "5\\2" o'clock`

  it.each([
    ['set by a form', '$wp$2y$04$QogX40vOcL1Mm.VOdyQ8/.eMytOMwWyesNf1sy5NXLZwa6BBQsCV2'],
    ['set by WP-CLI', '$wp$2y$04$4q6N27aMtgqXON0AJIscZ.3hqI/ujj88Yg5GQcSHy7t8j3ZKTEC7K'],
    ['set by a form, before 6.8', '$P$5KHcZE/PI9BilH7Bf49xr9enAyLTEr/'],
    ['set by WP-CLI, before 6.8', '$P$50ad.hCmAvdhMzsRgPWgtC35UqzNlW/'],
  ])('opens with quotes and backslashes in the password: %s', async (_name, hash) => {
    const { matches } = read(hash)
    for (const right of [SLASHED, ` ${SLASHED}\n`]) expect(await matches(right)).toBe(true)
    for (const wrong of ['it', SLASHED.replaceAll('\\', ''), `${SLASHED}.`]) expect(await matches(wrong)).toBe(false)
  })

  it('takes off white space in linear time', () => {
    const start = performance.now()
    expect(readAs.trim(` ${' \t'.repeat(500_000)}x`.repeat(2))).toHaveLength(1_000_003)
    expect(performance.now() - start).toBeLessThan(1_000)
  })

  it('opens whatever white space stands around the password', async () => {
    const { matches } = read('$wp$2y$04$5qd9ZNt7/O2ZIPsOCMMEBeAMlhhwgq6/9BseWtoIt0SDHC2LDY3Fe')
    for (const right of ['a phrase', '  a phrase \t', 'a phrase\r\n']) expect(await matches(right)).toBe(true)
    for (const wrong of ['aphrase', 'a  phrase', '\u00a0a phrase']) expect(await matches(wrong)).toBe(false)
  })
})

describe('phpass', () => {
  it('opens what its makers publish, by either name', async () => {
    for (const name of ['P', 'H']) {
      const { matches } = read(`$${name}$9IQRaTwmfeRo7ud9Fh4E2PdI0S3r.L0`)
      expect(await matches('test12345')).toBe(true)
      expect(await matches('test12346')).toBe(false)
    }
  })

  it('computes no more for a longer guess, and matches none of more than 256 bytes', async () => {
    const { matches } = read('$P$5rHq0WpbXBeZALu2GuBZwGDnqFpGwn0')
    expect(await matches('x'.repeat(256))).toBe(true)
    for (const longer of [257, 16_000]) expect(await matches('x'.repeat(longer))).toBe(false)
    const dear = read(`$P$D${'.'.repeat(30)}`) // 32,768 iterations: of the longer guess, 500 MB of MD5
    const took = async (guess: string) => {
      const start = performance.now()
      expect(await dear.matches(guess)).toBe(false)
      return performance.now() - start
    }
    expect(await took('x'.repeat(16_000))).toBeLessThan(20 * (await took('x')))
  })

  it('takes a password with white space around it as it is, too: not every maker is WordPress', async () => {
    expect(await read('$P$5SRT42.43A/GrQL3UoVZUDeWek4EV70').matches(' outside ')).toBe(true)
    expect(await read('$P$5SRT42.43A/GrQL3UoVZUDeWek4EV70').matches('outside')).toBe(false)
    expect(await read('$P$5W3tQl9OyTYfQPi0zaLspwycxyW1Um/').matches(' outside ')).toBe(true)
  })
})

describe('Supabase', () => {
  it('opens what its own tests have', async () => {
    const { matches } = read(
      '$fbscrypt$v=1,n=14,r=8,p=1,ss=Bw==,sk=ou9tdYTGyYm8kuR6Dt0Bp0kDuAYoXrK16mbZO4yGwAn3oLspjnN0/c41v8xZnO1n14J3MjKj1b2g6AUCAlFwMw==$C0sHCg9ek77hsg==$zKVTMvnWVw5BBOZNUdnsalx4c4c7y/w7IS5p6Ut2+CfEFFlz37J9huyQfov4iizN8dbjvEJlM5tQaJP84+hfTw==',
    )
    expect(await matches('mytestpassword')).toBe(true)
    expect(await matches('mytestpassworc')).toBe(false)
  })
})

describe('Flask-Security', () => {
  it('opens what versions before 4.0 wrote, which normalised nothing', async () => {
    const inner = '$2b$04$jj.l3oAzxZoGbnOp.WdcDOa7grAZ51ktIbJuzn7PATpAhhY.02yfi'
    const { matches } = read(flaskSecurityHash('salt', inner))
    expect(await matches('café ﬁ')).toBe(true)
    expect(await matches('café fi')).toBe(false)
    expect(await read(flaskSecurityHash('salz', inner)).matches('café ﬁ')).toBe(false)
    expect(await read(`bcrypt$${inner}`).matches('café ﬁ')).toBe(false)
  })

  it.each<[inner: string, answer: ReturnType<typeof judgeHash>]>([
    [`$2b$17$${'a'.repeat(53)}`, { verdict: 'refused', reason: 'too_dear', format: 'flask-security bcrypt' }],
    [`$2x$12$${'a'.repeat(53)}`, { verdict: 'refused', reason: 'unsupported', format: 'flask-security bcrypt' }],
    [
      '$argon2id$v=19$m=65536,t=3,p=4$c29tZXNhbHQ$RdescudvJCsgt3ub+b4dWRWJTmaaJObG',
      { verdict: 'refused', reason: 'unsupported', format: 'flask-security argon2' },
    ],
    ['', { verdict: 'refused', reason: 'malformed', format: 'flask-security' }],
    ['$', { verdict: 'refused', reason: 'malformed', format: 'flask-security' }],
    ['plain', { verdict: 'refused', reason: 'malformed', format: 'flask-security' }],
  ])('is refused for what is inside: %s', (inner, answer) => {
    expect(judgeHash(flaskSecurityHash('salt', inner))).toEqual(answer)
  })

  it('is refused without a salt', () => {
    const answer = { verdict: 'refused', reason: 'malformed', format: 'flask-security' }
    expect(judgeHash(flaskSecurityHash('', `$2b$12$${'a'.repeat(53)}`))).toEqual(answer)
  })
})

describe("what Python's str makes of bytes", () => {
  const hash = made('django bcrypt').slice('bcrypt$'.length)

  it.each([`b'${hash}'`, `b"${hash}"`])('counts as the hash in it: %s', async (text) => {
    expect(unwrapHash(text)).toBe(hash)
    expect(judgeHash(text)).toEqual({ verdict: 'accepted', format: 'bcrypt' })
    expect((await checkPassword(PASSWORD, { hashed_password: text, password_set_at: null }, 4)).result).toBe('match')
    expect((await checkPassword('wrong', { hashed_password: text, password_set_at: null }, 4)).result).toBe('mismatch')
  })

  it('is seen in hashes of other kinds', () => {
    expect(judgeHash(`b'${made('werkzeug scrypt')}'`)).toEqual({ verdict: 'accepted', format: 'werkzeug scrypt' })
    expect(judgeHash("b''")).toEqual({ verdict: 'no_password' })
  })

  it.each([`b'${hash}`, `'${hash}'`, `b'${hash}"`, `B'${hash}'`, hash, '', 'b'])(
    'leaves alone what is not that: %s',
    (text) => {
      expect(unwrapHash(text)).toBe(text)
    },
  )
})

describe('PBKDF2 of more iterations than the platform takes', () => {
  it('opens what Werkzeug made', async () => {
    const { matches } = read('pbkdf2:sha1:100001$h3CVKtD60w7kknzQ$d25c40a5169b0a0b44f9e7af0044d5f0f48b1c40')
    expect(await matches(PASSWORD)).toBe(true)
    expect(await matches(`${PASSWORD}.`)).toBe(false)
  })

  it.each(['SHA-1', 'SHA-256', 'SHA-512'] as const)('gives what the platform gives, with %s', async (hash) => {
    for (const [password, iterations] of [
      ['a', 1],
      ['비밀번호', 2],
      ['x'.repeat(300), 97],
    ] as const) {
      const salt = crypto.getRandomValues(new Uint8Array(16))
      const key = await crypto.subtle.importKey('raw', utf8(password), 'PBKDF2', false, ['deriveBits'])
      const algorithm = { name: 'PBKDF2', hash, salt, iterations }
      const expected = new Uint8Array(await crypto.subtle.deriveBits(algorithm, key, 8 * DIGEST_BYTES[hash]))
      expect(await pbkdf2(hash, utf8(password), salt, iterations)).toEqual(expected)
    }
  })

  it('is what a hash asks for from the first iteration on that a deployed Worker refuses', () => {
    const at = (iterations: number) =>
      read(made('django pbkdf2_sha256').replace(/\$\d+\$/, `$${iterations}$`)).rounds / iterations
    expect(at(100_000)).toBeCloseTo(at(1), 10)
    expect(at(100_001)).toBeCloseTo(at(2_000_000), 10)
    expect(at(100_001)).toBeGreaterThan(10 * at(100_000))
  })
})

describe('what is at the edge of the bounds', () => {
  const scrypt = (N: number, r: number, p: number) => `scrypt:${N}:${r}:${p}$salt$${'0'.repeat(128)}`

  it.each([
    [2 ** 16, 8, 2], // 64 MiB, and all the work that the platform takes
    [2 ** 14, 8, 5],
    [2 ** 13, 8, 10],
    [2, 1, 2 ** 16],
    [2 ** 15, 1, 32], // the largest N that RFC 7914 has for blocks of this size
  ])('is still computed: scrypt with N %i, r %i, p %i', async (N, r, p) => {
    expect(await read(scrypt(N, r, p)).matches(PASSWORD)).toBe(false)
  })

  it.each([
    `pbkdf2:sha1:2000000$salt$${'0'.repeat(40)}`,
    `pbkdf2:sha256:2000000$salt$${'0'.repeat(64)}`,
    `pbkdf2:sha512:1200000$salt$${'0'.repeat(128)}`,
    `pbkdf2_sha256$2000000$salt$${'A'.repeat(43)}=`,
    `pbkdf2:sha256:1$${'s'.repeat(64)}$${'0'.repeat(64)}`,
    `bcrypt_sha256$$2b$16$${'a'.repeat(53)}`,
    `$2b$16$${'a'.repeat(53)}`,
    `$2y$04$${'a'.repeat(53)}`,
  ])('is accepted: %s', (text) => {
    expect(judgeHash(text)).toMatchObject({ verdict: 'accepted' })
  })
})

describe('judgeHash', () => {
  const hex = (digits: number) => '0'.repeat(digits)
  const b64 = (bytes: number) => btoa('\0'.repeat(bytes))
  const ab64 = (bytes: number) => b64(bytes).replaceAll('=', '')
  const bcrypt = 'a'.repeat(53)

  it.each([null, '', '!', `!${'a1B2'.repeat(10)}`])('knows an account without a password: %s', (text) => {
    expect(judgeHash(text)).toEqual({ verdict: 'no_password' })
  })

  it.each<[text: string, format: string]>([
    [`scrypt:131072:8:1$salt$${hex(128)}`, 'werkzeug scrypt'],
    [`scrypt:65536:8:3$salt$${hex(128)}`, 'werkzeug scrypt'],
    [`scrypt:32768:8:5$salt$${hex(128)}`, 'werkzeug scrypt'],
    [`scrypt:32768:17:1$salt$${hex(128)}`, 'werkzeug scrypt'],
    [`scrypt:2:99999:6$salt$${hex(128)}`, 'werkzeug scrypt'],
    [`scrypt:1073741824:8:1$salt$${hex(128)}`, 'werkzeug scrypt'],
    [`scrypt:8589934592:99999:99999$salt$${hex(128)}`, 'werkzeug scrypt'],
    [`scrypt$131072$salt$8$1$${b64(64)}`, 'django scrypt'],
    [`scrypt$16384$salt$8$9$${b64(64)}`, 'django scrypt'],
    [`pbkdf2:sha1:2000001$salt$${hex(40)}`, 'werkzeug pbkdf2 sha1'],
    [`pbkdf2:sha256:2000001$salt$${hex(64)}`, 'werkzeug pbkdf2 sha256'],
    [`pbkdf2:sha512:1200001$salt$${hex(128)}`, 'werkzeug pbkdf2 sha512'],
    [`pbkdf2:sha256:9999999999$salt$${hex(64)}`, 'werkzeug pbkdf2 sha256'],
    [`pbkdf2_sha256$2000001$salt$${b64(32)}`, 'django pbkdf2_sha256'],
    [`pbkdf2_sha1$2000001$salt$${b64(20)}`, 'django pbkdf2_sha1'],
    [`$pbkdf2$2000001$c2FsdA$${ab64(20)}`, 'passlib pbkdf2'],
    [`$pbkdf2-sha256$4294967295$c2FsdA$${ab64(32)}`, 'passlib pbkdf2-sha256'],
    [`$pbkdf2-sha512$1200001$c2FsdA$${ab64(64)}`, 'passlib pbkdf2-sha512'],
    [`bcrypt$$2b$17$${bcrypt}`, 'django bcrypt'],
    [`bcrypt_sha256$$2b$31$${bcrypt}`, 'django bcrypt_sha256'],
    [`$wp$2y$17$${bcrypt}`, 'wordpress bcrypt'],
    [`$bcrypt-sha256$v=2,t=2b,r=17$${'a'.repeat(21)}e$${'a'.repeat(31)}`, 'passlib bcrypt-sha256'],
    [`$P$K${'a'.repeat(29)}.`, 'phpass'],
    [`$P$S${'a'.repeat(29)}.`, 'phpass'],
    [`$fbscrypt$v=1,n=17,r=8,p=1,ss=Bw==,sk=${b64(64)}$${b64(8)}$${b64(64)}`, 'supabase fbscrypt'],
    [`$2b$17$${bcrypt}`, 'bcrypt'],
    [`$2a$31$${bcrypt}`, 'bcrypt'],
  ])('refuses what is too dear: %s', (text, format) => {
    expect(judgeHash(text)).toEqual({ verdict: 'refused', reason: 'too_dear', format })
  })

  it.each<[text: string, format: string]>([
    [`scrypt:32767:8:1$salt$${hex(128)}`, 'werkzeug scrypt'],
    [`scrypt:1:8:1$salt$${hex(128)}`, 'werkzeug scrypt'],
    [`scrypt:0:8:1$salt$${hex(128)}`, 'werkzeug scrypt'],
    [`scrypt:65536:1:1$salt$${hex(128)}`, 'werkzeug scrypt'],
    [`scrypt:-16384:8:1$salt$${hex(128)}`, 'werkzeug scrypt'],
    [`scrypt:16384.0:8:1$salt$${hex(128)}`, 'werkzeug scrypt'],
    [`scrypt:1e4:8:1$salt$${hex(128)}`, 'werkzeug scrypt'],
    [`scrypt:0x4000:8:1$salt$${hex(128)}`, 'werkzeug scrypt'],
    [`scrypt:16384:0:1$salt$${hex(128)}`, 'werkzeug scrypt'],
    [`scrypt:16384:8:0$salt$${hex(128)}`, 'werkzeug scrypt'],
    [`scrypt:016384:8:1$salt$${hex(128)}`, 'werkzeug scrypt'],
    [`scrypt:16384:8$salt$${hex(128)}`, 'werkzeug scrypt'],
    [`scrypt:16384:8:1:1$salt$${hex(128)}`, 'werkzeug scrypt'],
    [`scrypt:16384:8:1$$${hex(128)}`, 'werkzeug scrypt'],
    [`scrypt:16384:8:1$salt$${hex(126)}`, 'werkzeug scrypt'],
    [`scrypt:16384:8:1$salt$${hex(130)}`, 'werkzeug scrypt'],
    [`scrypt:16384:8:1$salt$${hex(127)}g`, 'werkzeug scrypt'],
    [`scrypt:16384:8:1$salt$${hex(128)}\n`, 'werkzeug scrypt'],
    [`scrypt:16384:8:1$${'s'.repeat(65)}$${hex(128)}`, 'werkzeug scrypt'],
    [`scrypt:16384:8:1$sält$${hex(128)}`, 'werkzeug scrypt'],
    [`scrypt:16384:8:1$sa\nlt$${hex(128)}`, 'werkzeug scrypt'],
    [`scrypt:16384:8:1$salt$${hex(128)}$`, 'werkzeug scrypt'],
    [`pbkdf2:sha256$salt$${hex(64)}`, 'werkzeug pbkdf2'],
    [`pbkdf2$salt$${hex(64)}`, 'werkzeug pbkdf2'],
    [`pbkdf2:sha256:$salt$${hex(64)}`, 'werkzeug pbkdf2'],
    [`pbkdf2:sha256:0$salt$${hex(64)}`, 'werkzeug pbkdf2'],
    [`pbkdf2:sha256:-1$salt$${hex(64)}`, 'werkzeug pbkdf2'],
    [`pbkdf2:md5:1000$salt$${hex(32)}`, 'werkzeug pbkdf2'],
    [`pbkdf2:constructor:1000$salt$${hex(64)}`, 'werkzeug pbkdf2'],
    [`pbkdf2:sha1:1000$salt$${hex(64)}`, 'werkzeug pbkdf2'],
    [`pbkdf2:sha256:1000$salt$${hex(40)}`, 'werkzeug pbkdf2'],
    [`pbkdf2:sha512:1000$salt$${hex(64)}`, 'werkzeug pbkdf2'],
    [`pbkdf2:sha256:99999999999$salt$${hex(64)}`, 'werkzeug pbkdf2'],
    [`pbkdf2_sha256$1000$salt$${b64(20)}`, 'django pbkdf2_sha256'],
    [`pbkdf2_sha1$1000$salt$${b64(32)}`, 'django pbkdf2_sha1'],
    [`pbkdf2_sha256$0$salt$${b64(32)}`, 'django pbkdf2_sha256'],
    [`pbkdf2_sha256$1000$salt$${b64(32)}=`, 'django pbkdf2_sha256'],
    [`pbkdf2_sha256$1000$$${b64(32)}`, 'django pbkdf2_sha256'],
    [`pbkdf2_sha256$1000$a$b$${b64(32)}`, 'django pbkdf2_sha256'],
    [`pbkdf2_sha256$1000$${'s'.repeat(65)}$${b64(32)}`, 'django pbkdf2_sha256'],
    [`scrypt$16383$salt$8$1$${b64(64)}`, 'django scrypt'],
    [`scrypt$16384$salt$8$1$${b64(32)}`, 'django scrypt'],
    [`scrypt$16384$salt$8$${b64(64)}`, 'django scrypt'],
    [`scrypt$salt$${hex(128)}`, 'django scrypt'],
    [`$pbkdf2$1000$c2FsdA$${ab64(32)}`, 'passlib pbkdf2'],
    [`$pbkdf2-sha256$1000$c2FsdA$${ab64(20)}`, 'passlib pbkdf2-sha256'],
    [`$pbkdf2-sha256$1000$c2FsdA$${b64(32)}`, 'passlib pbkdf2-sha256'],
    [`$pbkdf2-sha256$1000$c2Fsd$${ab64(32)}`, 'passlib pbkdf2-sha256'],
    [`$pbkdf2-sha256$1000$$${ab64(32)}`, 'passlib pbkdf2-sha256'],
    [`$pbkdf2-sha256$01000$c2FsdA$${ab64(32)}`, 'passlib pbkdf2-sha256'],
    [`$pbkdf2-sha256$1000$${'s'.repeat(88)}$${ab64(32)}`, 'passlib pbkdf2-sha256'],
    [`$pbkdf2-sha256$1000$c2FsdA$${ab64(32)} `, 'passlib pbkdf2-sha256'],
    [`bcrypt$$2b$12$${bcrypt}a`, 'django bcrypt'],
    [`bcrypt_sha256$$2b$03$${bcrypt}`, 'django bcrypt_sha256'],
    [`bcrypt_sha256$2b$12$${bcrypt}`, 'django bcrypt_sha256'],
    [`$wp$2y$12$${bcrypt}a`, 'wordpress bcrypt'],
    ['$wp$argon2id$v=19$m=65536', 'wordpress bcrypt'],
    [`$bcrypt-sha256$v=1,t=2b,r=12$${'a'.repeat(21)}e$${'a'.repeat(31)}`, 'passlib bcrypt-sha256'],
    [`$bcrypt-sha256$v=2,t=2a,r=12$${'a'.repeat(21)}e$${'a'.repeat(31)}`, 'passlib bcrypt-sha256'],
    [`$bcrypt-sha256$v=2,t=2b,r=04$${'a'.repeat(21)}e$${'a'.repeat(31)}`, 'passlib bcrypt-sha256'],
    [`$bcrypt-sha256$v=2,t=2b,r=12$${'a'.repeat(22)}$${'a'.repeat(31)}`, 'passlib bcrypt-sha256'],
    [`$P$4${'a'.repeat(29)}.`, 'phpass'],
    [`$P$T${'a'.repeat(29)}.`, 'phpass'],
    [`$P$B${'a'.repeat(30)}`, 'phpass'],
    [`$P$B${'a'.repeat(28)}.`, 'phpass'],
    [`$P$B${'a'.repeat(30)}.`, 'phpass'],
    [`$fbscrypt$v=2,n=14,r=8,p=1,ss=Bw==,sk=${b64(64)}$${b64(8)}$${b64(64)}`, 'supabase fbscrypt'],
    [`$fbscrypt$v=1,n=14,r=8,p=1,ss=Bw==,sk=${b64(32)}$${b64(8)}$${b64(64)}`, 'supabase fbscrypt'],
    [`$fbscrypt$v=1,n=14,r=8,p=0,ss=Bw==,sk=${b64(64)}$${b64(8)}$${b64(64)}`, 'supabase fbscrypt'],
    [`nfkc:$2b$03$${bcrypt}`, 'bcrypt nfkc'],
    [`trim:bcrypt$$2b$12$${bcrypt}`, 'bcrypt trim'],
    ['nfkc:', 'bcrypt nfkc'],
    [`$2b$03$${bcrypt}`, 'bcrypt'],
    [`$2b$32$${bcrypt}`, 'bcrypt'],
    [`$2b$12$${bcrypt.slice(1)}`, 'bcrypt'],
  ])('refuses what no maker writes: %j', (text, format) => {
    expect(judgeHash(text)).toEqual({ verdict: 'refused', reason: 'malformed', format })
  })

  it.each<[text: string, format: string]>([
    ['$argon2id$v=19$m=65536,t=3,p=4$c29tZXNhbHQ$RdescudvJCsgt3ub+b4dWRWJTmaaJObG', 'argon2'],
    ['$argon2i$v=19$m=512,t=2,p=2$c29tZXNhbHQ$VqLA', 'argon2'],
    ['argon2$argon2id$v=19$m=102400,t=2,p=8$c29tZXNhbHQ$RdescudvJCsgt3ub', 'argon2'],
    [`$2x$12$${bcrypt}`, 'bcrypt'],
    [`$2$12$${bcrypt}`, 'bcrypt'],
    [`bcrypt$$2x$12$${bcrypt}`, 'django bcrypt'],
    [`$pbkdf2-sha224$1000$c2FsdA$${ab64(28)}`, 'passlib pbkdf2'],
    [`$pbkdf2-__proto__$1000$c2FsdA$${ab64(28)}`, 'passlib pbkdf2'],
    [`$scrypt$ln=16,r=8,p=1$c2FsdA$${ab64(32)}`, 'scrypt of another maker'],
    ['$1$salt$qJH7.N4xYta3aEG/dfqo/0', 'crypt'],
    ['$6$salt$IxDD3jeSOb5eB1CX5LBsqZFVkJdido3OUILO5Ifz5iwMuTS4XMS130MTSuDDl3aCI6WouIL9AjRbLCelDCy.g.', 'crypt'],
    ['$y$j9T$F5Jx5fExrKuPp53xLKQ..1$X3DX6M94c7o.9agCG9G317fhZg9SqC.5i5rd.RhAtQ7', 'crypt'],
    ['{SSHA}0c0blFTXXNuAMHECS4uxrj3ZieMoWImr', 'ldap'],
    ['5f4dcc3b5aa765d61d8327deb882cf99', 'fast digest'],
    ['5baa61e4c9b93f3f0682250b6cf8331b7ee68fd8', 'fast digest'],
    ['5E884898DA28047151D0E56F8DC6292773603D0D6AABBDD62A11EF721D1542D8', 'fast digest'],
    [hex(128), 'fast digest'],
    ['md5$$5f4dcc3b5aa765d61d8327deb882cf99', 'fast digest'],
    ['sha1$salt$59b3e8d637cf97edbe2384cf59cb7453dfe30789', 'fast digest'],
    ['sha256$salt$7a37b85c8918eac19a9089c0fa5a2ab4dce3f90528dcdeec108b23ddf3607b99', 'fast digest'],
  ])('refuses by its name what it knows and does not verify: %s', (text, format) => {
    expect(judgeHash(text)).toEqual({ verdict: 'refused', reason: 'unsupported', format })
  })

  it.each([
    'password',
    'hunter2',
    '!secret',
    ' ',
    '비밀번호',
    'plain$$password',
    'scrypt',
    '$',
    '$$$$',
    ':',
    `${hex(32)}:${hex(126)}`,
    `${hex(30)}:${hex(128)}`,
    `${hex(32)}:${'G'.repeat(128)}`,
    `pbkdf2_sha512$1000$salt$${hex(128)}`,
    ` $2b$12$${bcrypt}`,
    `scrypt:16384:8:1$salt$${hex(128)}${' '.repeat(600)}`,
    '$'.repeat(100_000),
    '0'.repeat(100_000),
  ])('says nothing of what it does not know: %s', (text) => {
    expect(judgeHash(text)).toEqual({ verdict: 'refused', reason: 'unknown' })
  })
})

describe('equal', () => {
  it.each([
    [[1, 2], [1, 2], true],
    [[], [], true],
    [[1, 2], [2, 1], false],
    [[1, 2], [1], false],
    [[1], [1, 2], false],
    [[1, 0], [1], false],
  ])('compares %j with %j', (a, b, answer) => {
    expect(equal(Uint8Array.from(a), Uint8Array.from(b))).toBe(answer)
  })
})
