import bcrypt from 'bcryptjs'
import { afterEach, describe, expect, it, vi } from 'vitest'
import * as passwords from '../../../src/core/passwords/passwords.ts'
import { bcryptSha256 } from '../../../src/core/passwords/hashes/django.ts'
import { readAs } from '../../../src/core/passwords/hashes/reading.ts'
import { hashPassword, upgradedHash } from '../../../src/core/passwords/passwords.ts'

const PASSWORD = 'a password of somebody'

/** Cheap ones: what is true of a cost is true of the next. */
const [CHEAP, COST, DEAR] = [4, 6, 7]

const hashes = new Map<string, string>()
async function hashOf(password: string, cost: number): Promise<string> {
  const known = hashes.get(`${cost} ${password}`) ?? (await bcrypt.hash(password, cost))
  hashes.set(`${cost} ${password}`, known)
  return known
}

const checkPassword = async (...check: Parameters<typeof passwords.checkPassword>) =>
  (await passwords.checkPassword(...check)).result

const imported = (hashed_password: string | null) => ({ hashed_password, password_set_at: null })
const setHere = (hashed_password: string) => ({ hashed_password, password_set_at: 1 })

afterEach(() => {
  vi.restoreAllMocks()
})

describe('checkPassword', () => {
  it.each([CHEAP, COST, DEAR])('knows the right password and no other, whatever the cost: %i', async (cost) => {
    const stored = imported(await hashOf(PASSWORD, cost))
    expect(await checkPassword(PASSWORD, stored, COST)).toBe('match')
    for (const wrong of [`${PASSWORD} `, ` ${PASSWORD}`, PASSWORD.toUpperCase(), PASSWORD.slice(1), 'x']) {
      expect(await checkPassword(wrong, stored, COST)).toBe('mismatch')
    }
  })

  it.each(['$2a$', '$2b$', '$2y$'])('verifies what begins with %s', async (version) => {
    const stored = imported(version + (await hashOf(PASSWORD, CHEAP)).slice(4))
    expect(await checkPassword(PASSWORD, stored, COST)).toBe('match')
    expect(await checkPassword('wrong', stored, COST)).toBe('mismatch')
  })

  it.each([
    ['', 'nothing'],
    ['x'.repeat(60), 'no hash at all'],
    [`$2x$04$${'a'.repeat(53)}`, 'the hash of a broken implementation'],
    [`$2$04$${'a'.repeat(53)}`, 'a version that is too old'],
    [`$2b$03$${'a'.repeat(53)}`, 'fewer rounds than bcrypt has'],
    [`$2b$17$${'a'.repeat(53)}`, 'more rounds than anybody waits for'],
    [`$2b$31$${'a'.repeat(53)}`, 'rounds for a week'],
    [`$2b$4$${'a'.repeat(54)}`, 'a cost of one digit'],
    [`$2b$04$${'a'.repeat(52)}`, 'a hash that was cut'],
    [`$2b$04$${'a'.repeat(54)}`, 'a hash that is too long'],
    [`$2b$04$${'a'.repeat(52)}\n`, 'a line break in the place of a character'],
    ['$argon2id$v=19$m=65536,t=3,p=4$c29tZXNhbHQ$RdescudvJCsgt3ub+b4dWRWJTmaaJObG', 'the hash of another algorithm'],
  ])('finds %j unreadable: %s', async (hash) => {
    expect(await checkPassword(PASSWORD, imported(hash), COST)).toBe('unreadable')
    expect(await checkPassword(PASSWORD, setHere(hash), COST)).toBe('unreadable')
  })

  it('finds no match where there is no user, or one without a password', async () => {
    expect(await checkPassword(PASSWORD, undefined, COST)).toBe('mismatch')
    expect(await checkPassword('', undefined, COST)).toBe('mismatch')
    expect(await checkPassword(PASSWORD, imported(null), COST)).toBe('mismatch')
  })

  it('does the work of one hash at the live cost for every wrong password, and never less', async () => {
    const [compare, padding] = [vi.spyOn(bcrypt, 'compare'), vi.spyOn(bcrypt, 'compareSync')]
    const workOf = async (stored: Parameters<typeof checkPassword>[1]) => {
      compare.mockClear()
      padding.mockClear()
      expect(await checkPassword('wrong', stored, COST)).not.toBe('match')
      return [...compare.mock.calls, ...padding.mock.calls].reduce(
        (sum, [, hash]) => sum + 2 ** Number(hash.split('$')[2]),
        0,
      )
    }
    const live = 2 ** COST
    expect(await workOf(undefined)).toBe(live)
    expect(await workOf(imported(null))).toBe(live)
    expect(await workOf(imported('broken'))).toBe(live)
    expect(await workOf(imported(`$2b$31$${'a'.repeat(53)}`))).toBe(live)
    for (const cost of [CHEAP, CHEAP + 1, COST]) expect(await workOf(imported(await hashOf(PASSWORD, cost)))).toBe(live)
    expect(await workOf(imported(await hashOf(PASSWORD, DEAR)))).toBe(2 ** DEAR)
  })

  it('compares with decoys that bcrypt takes for hashes, and that nothing opens', async () => {
    const [compare, padding] = [vi.spyOn(bcrypt, 'compare'), vi.spyOn(bcrypt, 'compareSync')]
    padding.mockClear()
    await checkPassword('wrong', imported(await hashOf(PASSWORD, CHEAP)), COST)
    await checkPassword('wrong', undefined, COST)
    const decoys = [...padding.mock.calls, ...compare.mock.calls.slice(-1)].map(([, hash]) => hash)
    expect(decoys.map((hash) => hash.slice(0, 7))).toEqual(['$2b$04$', '$2b$05$', '$2b$06$'])
    for (const decoy of decoys) {
      // What `compare` computes first: a salt that bcrypt could not read would cost nothing.
      const computed = await bcrypt.hash('wrong', decoy.slice(0, 29))
      expect(computed.slice(0, 29)).toBe(decoy.slice(0, 29))
      for (const guess of ['', 'wrong', 'latchkey.decoy', decoy]) expect(await bcrypt.compare(guess, decoy)).toBe(false)
    }
  })
})

describe('a password of more than 72 bytes', () => {
  const long = 'x'.repeat(72) + 'the tail'

  it('counts whole where it was set here', async () => {
    const stored = setHere(await hashPassword(long, CHEAP))
    expect(await checkPassword(long, stored, CHEAP)).toBe('match')
    for (const other of [long.slice(0, 72), long.slice(0, 73), `${long.slice(0, 72)}another tail`, `${long}s`]) {
      expect(await checkPassword(other, stored, CHEAP)).toBe('mismatch')
    }
  })

  it('counts as its maker counted it where it was imported', async () => {
    const stored = imported(await bcrypt.hash(long, CHEAP))
    expect(await checkPassword(long.slice(0, 72), stored, CHEAP)).toBe('match')
    expect(await checkPassword(`${long.slice(0, 72)}another tail`, stored, CHEAP)).toBe('match')
    expect(await checkPassword(long.slice(0, 71), stored, CHEAP)).toBe('mismatch')
  })

  it('is portable up to 72 bytes: any other bcrypt verifies its hash', async () => {
    for (const password of ['x'.repeat(72), '가'.repeat(24), '😀'.repeat(18)]) {
      expect(await bcrypt.compare(password, await hashPassword(password, CHEAP))).toBe(true)
    }
    expect(await bcrypt.compare('x'.repeat(73), await hashPassword('x'.repeat(73), CHEAP))).toBe(false)
  })
})

describe('normalisation', () => {
  const [composed, decomposed] = ['café 가나다'.normalize('NFC'), 'café 가나다'.normalize('NFD')]

  it('makes one password of both spellings where it was set here', async () => {
    for (const set of [composed, decomposed]) {
      const stored = setHere(await hashPassword(set, CHEAP))
      expect(await checkPassword(composed, stored, CHEAP)).toBe('match')
      expect(await checkPassword(decomposed, stored, CHEAP)).toBe('match')
    }
  })

  it('makes one password of both spellings of an imported one, whichever its maker hashed', async () => {
    for (const hashed of [composed, decomposed]) {
      for (const hash of [await bcrypt.hash(hashed, CHEAP), await bcryptSha256(hashed, CHEAP)]) {
        expect(await checkPassword(composed, imported(hash), CHEAP)).toBe('match')
        expect(await checkPassword(decomposed, imported(hash), CHEAP)).toBe('match')
        expect(await checkPassword(`${composed}.`, imported(hash), CHEAP)).toBe('mismatch')
      }
    }
  })

  it('cuts each spelling of an imported one where bcrypt does', async () => {
    const long = '각낙닥락막박삭악작착'.normalize('NFD') // 30 bytes composed, 90 decomposed
    const stored = imported(await bcrypt.hash(long, CHEAP))
    expect(await checkPassword(long.normalize('NFC'), stored, CHEAP)).toBe('match')
    expect(await checkPassword(`${long.normalize('NFC').slice(0, -1)}카`, stored, CHEAP)).toBe('match')
    const checked = await passwords.checkPassword(long.normalize('NFC'), stored, CHEAP)
    expect(checked).toEqual({ result: 'match', spelling: long })
    const upgraded = imported((await upgradedHash(long, stored, COST))!)
    expect(await checkPassword(`${long.normalize('NFC').slice(0, -1)}카`, upgraded, COST)).toBe('match')
  })

  it('first tries a password as typed, even if that is neither NFC nor NFD', async () => {
    const mixed = composed + decomposed
    expect(await checkPassword(mixed, imported(await bcrypt.hash(mixed, CHEAP)), CHEAP)).toBe('match')
    expect(await checkPassword(mixed, imported(await bcrypt.hash(mixed.normalize('NFC'), CHEAP)), CHEAP)).toBe('match')
  })

  it('does not make a password of compatibility forms', async () => {
    const stored = setHere(await hashPassword('ｐａｓｓ ﬁ', CHEAP))
    expect(await checkPassword('pass fi', stored, CHEAP)).toBe('mismatch')
    expect(await checkPassword('ｐａｓｓ ﬁ', imported(await bcrypt.hash('pass fi', CHEAP)), CHEAP)).toBe('mismatch')
    expect(await checkPassword('pass fi', imported(await bcrypt.hash('ｐａｓｓ ﬁ', CHEAP)), CHEAP)).toBe('mismatch')
  })

  it.each([
    ['guess', 1],
    [composed, 2],
    [decomposed, 2],
    [`${composed}${decomposed}`, 2],
    ['ｐａｓｓ', 1],
  ])('costs a wrong guess the same at every account: %s', async (guess, spellings) => {
    const [compare, padding] = [vi.spyOn(bcrypt, 'compare'), vi.spyOn(bcrypt, 'compareSync')]
    const workOf = async (stored: Parameters<typeof checkPassword>[1]) => {
      compare.mockClear()
      padding.mockClear()
      expect(await checkPassword(guess, stored, COST)).not.toBe('match')
      return [...compare.mock.calls, ...padding.mock.calls].reduce(
        (sum, [, hash]) => sum + 2 ** Number(hash.split('$')[2]),
        0,
      )
    }
    const hash = (cost: number) => bcrypt.hash(PASSWORD, cost)
    const accounts = {
      none: undefined,
      'no password': imported(null),
      unreadable: imported('broken'),
      'set here': setHere(await hash(COST)),
      'set here, cheap': setHere(await hash(CHEAP)),
      imported: imported(await hash(COST)),
      'imported, cheap': imported(await hash(CHEAP)),
      'of Django': imported(await bcryptSha256(PASSWORD, CHEAP)),
      'of WordPress': imported(`$wp${await hash(CHEAP)}`),
      'in NFKC': imported(`nfkc:${await hash(COST)}`),
      trimmed: imported(`trim:${await bcryptSha256(PASSWORD, COST)}`),
    }
    const work: Record<string, number> = {}
    for (const [name, account] of Object.entries(accounts)) work[name] = await workOf(account)
    expect(work).toEqual(Object.fromEntries(Object.keys(accounts).map((name) => [name, spellings * 2 ** COST])))
  })
})

describe('upgradedHash', () => {
  it('replaces only a hash that costs less', async () => {
    const upgraded = await upgradedHash(PASSWORD, imported(await hashOf(PASSWORD, CHEAP)), COST)
    expect(upgraded).toMatch(/^\$2b\$06\$/)
    expect(await bcrypt.compare(PASSWORD, upgraded!)).toBe(true)
    expect(await upgradedHash(PASSWORD, imported(await hashOf(PASSWORD, COST)), COST)).toBeUndefined()
    expect(await upgradedHash(PASSWORD, imported(await hashOf(PASSWORD, DEAR)), COST)).toBeUndefined()
    expect(await upgradedHash(PASSWORD, imported(null), COST)).toBeUndefined()
    expect(await upgradedHash(PASSWORD, imported('broken'), COST)).toBeUndefined()
  })

  it.each([
    [readAs.nfkc, 'nfkc', ['ｐａｓｓ ﬁ é', 'pass fi é'.normalize('NFC'), 'pass fi é'.normalize('NFD')]],
    [readAs.trim, 'trim', ['the password', ' the password', 'the password\t \n']],
  ])('keeps the rule by which other systems read passwords: %o', async (rule, name, spellings) => {
    for (const tail of ['', 'x'.repeat(72)]) {
      const [first = '', ...others] = spellings.map((text) => rule(text) + tail)
      const short = tail === ''
      const stored = imported(`${name}:${await (short ? bcrypt.hash(first, CHEAP) : bcryptSha256(first, CHEAP))}`)
      const kept = imported((await upgradedHash(first, stored, COST))!)
      expect(kept.hashed_password).toMatch(short ? /^(nfkc|trim):\$2b\$06/ : /^(nfkc|trim):bcrypt_sha256\$\$2b\$06/)
      for (const one of [first, ...others, ...(short ? spellings : [])]) {
        expect([one, await checkPassword(one, stored, COST)]).toEqual([one, 'match'])
        expect([one, await checkPassword(one, kept, COST)]).toEqual([one, 'match'])
      }
      expect(await checkPassword(`${first}.`, kept, COST)).toBe('mismatch')
      expect(await upgradedHash(first, kept, COST)).toBeUndefined()
    }
  })

  it('changes the cost, not the rule by which the password is compared', async () => {
    const long = 'x'.repeat(80)
    const cut = imported((await upgradedHash(long, imported(await bcrypt.hash(long, CHEAP)), COST))!)
    expect(await checkPassword(long.slice(0, 72), cut, COST)).toBe('match')
    const whole = setHere((await upgradedHash(long, setHere(await hashPassword(long, CHEAP)), COST))!)
    expect(await checkPassword(long, whole, COST)).toBe('match')
    expect(await checkPassword(long.slice(0, 72), whole, COST)).toBe('mismatch')
  })
})

describe('hashPassword', () => {
  it('salts: the same password never gives the same hash', async () => {
    const made = await Promise.all(Array.from({ length: 20 }, () => hashPassword(PASSWORD, CHEAP)))
    expect(new Set(made).size).toBe(20)
    for (const hash of made) expect(hash).toMatch(/^\$2b\$04\$[./A-Za-z0-9]{53}$/)
  })
})
