/** `.dev.vars` as people write it. dotenv, which wrangler reads it with, cuts and joins values without a word. */
import { createHmac } from 'node:crypto'
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { readSettings } from '../../scripts/settings-file.ts'
import { accessToken, freshClone, launch, startService, temporaryFolder } from './service.ts'

const folders: string[] = []
afterEach(() => folders.splice(0).forEach((folder) => rmSync(folder, { recursive: true, force: true })))
const folder = (): string => {
  const path = temporaryFolder()
  folders.push(path)
  return path
}

const KEY = 'a key with which nothing is signed but tests#and its other half'

describe('what is said of a line', () => {
  const misread = (text: string, name = '.dev.vars') => {
    const at = folder()
    writeFileSync(join(at, '.dev.vars'), '')
    writeFileSync(join(at, name), text)
    return readSettings({ folder: at })!.misread.map(
      ({ name, text, isCut }) => `${name} ${isCut ? '(cut) ' : ''}${text}`,
    )
  }

  const CUT = 'ends where its # begins: put the value in quotes'
  const OPEN = 'does not end with the quote that it begins with'

  it.each([
    [`JWT_SECRET_KEY=${KEY}`, `JWT_SECRET_KEY (cut) ${CUT}`],
    [`JWT_SECRET_KEY=#${KEY}`, `JWT_SECRET_KEY (cut) ${CUT}`],
    [`export LATCHKEY_SECRET = ${KEY}`, `LATCHKEY_SECRET (cut) ${CUT}`],
    [`LATCHKEY_SECRET_PREVIOUS: ${KEY}`, `LATCHKEY_SECRET_PREVIOUS (cut) ${CUT}`],
    [`STRIPE_API_KEY=${KEY}`, `STRIPE_API_KEY (cut) ${CUT}`],
    ['APP_COLOR=#00ffcc', `APP_COLOR ${CUT}`],
    ['APP_NAME=Team #1', `APP_NAME ${CUT}`],
    ['JWT_SECRET_KEY="a"#b"', 'JWT_SECRET_KEY (cut) has its own quotes in it: use others around it'],
    ['JWT_ISSUER="a"#b', `JWT_ISSUER ${OPEN}`],
    ['MAIL_TOKEN="abc', `MAIL_TOKEN (cut) ${OPEN}`],
    [`APP_NAME='It's`, `APP_NAME ${OPEN}`],
    ['MAIL_TOKEN="a\\nb"', 'MAIL_TOKEN has a \\n that becomes a line break: use single quotes'],
  ])('%s', (line, said) => {
    expect(misread(`${line}\n`)).toEqual([said])
    expect(misread(`REGISTRATION=open\r\n${line}\r\nBCRYPT_COST=10\r\n`)).toEqual([said])
    for (const word of ['other half', '00ffcc', 'abc']) expect(said).not.toContain(word)
  })

  it.each([
    `JWT_SECRET_KEY="${KEY}"`,
    `JWT_SECRET_KEY='${KEY}' # mine`,
    `JWT_SECRET_KEY=\`${KEY}\``,
    'JWT_ISSUER=latchkey # who signs',
    'MAIL_TOKEN= # none yet',
    'MAIL_TOKEN=',
    '# JWT_SECRET_KEY=a#b',
    'APP_COLOR="#00ffcc"',
    `APP_NAME="It's"`,
    'MAIL_FROM=Login <login@app.example>  ',
    'MAIL_TOKEN=a$b\\nc=d',
    'PEM_KEY="-----BEGIN PRIVATE KEY-----\\nabcd=="',
    'PEM_KEY="-----BEGIN PRIVATE KEY-----\nabcd==\n-----END PRIVATE KEY-----"',
  ])('nothing, where it is read as it stands: %s', (line) => {
    expect(misread(`${line}\n`)).toEqual([])
  })

  it('a quote that swallows the next setting, and a name that is there twice', () => {
    expect(misread(`APP_NAME="mine\nLATCHKEY_SECRET=abc"\n`)).toEqual([
      'LATCHKEY_SECRET (cut) is not read, because a quote before it is not closed',
    ])
    expect(misread('JWT_ISSUER=a\nJWT_ISSUER=b\n')).toEqual(['JWT_ISSUER is there twice, and only the last one counts'])
  })

  it('files beside it that nobody reads', () => {
    for (const name of ['.env', '.env.local', '.dev.vars.local']) {
      expect(misread('APP_NAME=mine\n', name)).toEqual([`${name} is not read: put its settings into .dev.vars`])
      expect(misread('VITE_URL=/\n', name)).toEqual([])
    }
  })

  it('files in its place', () => {
    const at = folder()
    expect(readSettings({ folder: at })).toBeUndefined()
    writeFileSync(join(at, '.dev.vars.staging'), 'APP_COLOR=#00ffcc\n')
    writeFileSync(join(at, 'own.env'), 'MAIL_TOKEN=a$HOME\n')
    expect(readSettings({ folder: at, environment: 'staging' })?.misread).toHaveLength(1)
    expect(readSettings({ folder: at, files: ['own.env'] })).toEqual({
      values: { MAIL_TOKEN: 'a' },
      misread: [{ name: 'MAIL_TOKEN', text: 'is changed by the $ in it: put \\ before it', isCut: true }],
    })
  })
})

describe('npm run dev and doctor', () => {
  const inClone = async (root: string, ...args: string[]) => {
    const running = launch('npm', ['run', '--silent', ...args], { cwd: root })
    const code = await running.exited
    await running.stop()
    return { code, output: running.output() }
  }

  it('refuse half a secret, name it, and do not show it', async () => {
    const root = folder()
    freshClone(root)
    writeFileSync(join(root, '.dev.vars'), `JWT_SECRET_KEY=${KEY}\nAPP_COLOR=#00ffcc\n`)
    const dev = await inClone(root, 'dev')
    expect(dev).toMatchObject({ code: 1 })
    const doctor = await inClone(root, 'latchkey', '--', 'doctor')
    expect(doctor).toMatchObject({ code: 1 })
    expect(doctor.output).toMatch(/^fail +JWT_SECRET_KEY +ends where its # begins/m)
    expect(doctor.output).toMatch(/^warn +APP_COLOR +ends where its # begins/m)
    for (const { output } of [dev, doctor]) {
      expect(output).toMatch(/JWT_SECRET_KEY +ends where its # begins: put the value in quotes/)
      expect(output).not.toMatch(/signed but tests|other half|00ffcc|Latchkey +http/)
    }
  })

  it('take what is quoted, whole; of a colour that is cut they say so', async () => {
    const root = folder()
    freshClone(root)
    const lines = [
      `JWT_SECRET_KEY="${KEY}"`,
      `LATCHKEY_SECRET='${KEY.toUpperCase()}'`,
      'APP_COLOR="#00ffcc"',
      'APP_NAME=Team #1',
    ]
    writeFileSync(join(root, '.dev.vars'), lines.join('\n'))
    const service = await startService({ root, withoutArguments: true })
    try {
      const [header, payload, signature] = (await accessToken(service.url, service.demo)).split('.')
      expect(createHmac('sha256', KEY).update(`${header}.${payload}`).digest('base64url')).toBe(signature)
      expect(await (await fetch(`${service.url}/brand.css`)).text()).toContain('#00ffcc')
      expect(service.output()).toContain('APP_NAME ends where its # begins: put the value in quotes.')
    } finally {
      await service.stop()
    }
  })
})
