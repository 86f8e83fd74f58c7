import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { ROOT } from '../local.ts'
import { command, Refusal, UsageError } from './command.ts'
import { note, printJson, printText } from './output.ts'
import { askSecrets, reencrypt, type Secrets } from './reencrypt.ts'
import { linesIn, replaceIn, valueIn } from './secrets-file.ts'

const NAMES = ['JWT_SECRET_KEY', 'LATCHKEY_SECRET'] as const
type Name = (typeof NAMES)[number]

export const secretRotate = command({
  name: 'secret rotate',
  summary: 'Replace a secret, and keep the old one valid for as long as it is needed',
  usage:
    '[JWT_SECRET_KEY | LATCHKEY_SECRET] [--file .dev.vars] [--force] | --remote | --reencrypt [--remote] | --print',
  options: {
    file: { type: 'string', help: 'the file with the local secrets (.dev.vars)' },
    force: { type: 'boolean', help: 'rotate even if an older secret is still kept as ..._PREVIOUS, which then ends' },
    print: { type: 'boolean', help: 'only print a new secret' },
    reencrypt: {
      type: 'boolean',
      help: 'only encrypt the secrets of authenticator apps again, with the new LATCHKEY_SECRET',
    },
  },
  async run({ positionals, values: { file, force, print, reencrypt: only } }, context) {
    const { remote, json } = context
    const [name = only === true ? 'LATCHKEY_SECRET' : 'JWT_SECRET_KEY', ...more] = positionals
    if (!isName(name) || more.length > 0) throw new UsageError(`Name one secret: ${NAMES.join(' or ')}.`)
    const path = resolve(file ?? join(ROOT, '.dev.vars'))
    if (only === true) {
      if (name !== 'LATCHKEY_SECRET') throw new UsageError('Only LATCHKEY_SECRET encrypts anything for longer.')
      const resealed = await reencrypt(context, remote ? await askSecrets() : secretsIn(path))
      return json ? printJson({ name, resealed }) : undefined
    }
    if (print === true) {
      const secret = newSecret()
      return json ? printJson({ secret }) : printText(secret)
    }
    if (remote) return json ? printJson({ steps: steps(name) }) : printText(steps(name).join('\n'))
    rotateIn(path, name, force === true)
    note(`${name} is new, and the old value is ${name}_PREVIOUS. Restart npm run dev.`)
    if (name === 'LATCHKEY_SECRET') {
      note(STRANGERS)
      await reencrypt(context, secretsIn(path))
    }
    if (json) printJson({ name })
  },
})

const isName = (name: string): name is Name => NAMES.some((known) => known === name)

const newSecret = (): string => randomBytes(32).toString('base64url')

const STRANGERS = 'Doorkeepers get new names: counts start at zero, and devices count as strangers once.'

const REENCRYPT = 'npm run latchkey -- secret rotate LATCHKEY_SECRET --reencrypt --remote'

/** Access tokens outlive a rotation by their own lifetime, refresh tokens by that of their session. */
const WHEN: Record<Name, string> = {
  JWT_SECRET_KEY: 'after ACCESS_TOKEN_TTL_SECONDS (a day, unless you set it)',
  LATCHKEY_SECRET: 'after SESSION_TTL_SECONDS (30 days, unless you set it)',
}

/** @throws Refusal */
function rotateIn(path: string, name: Name, force: boolean): void {
  const lines = linesIn(path)
  // Where LATCHKEY_SECRET is not set, its keys come from JWT_SECRET_KEY.
  const old = [name, 'JWT_SECRET_KEY'].map((one) => valueIn(lines, one)).find((value) => (value ?? '') !== '')
  if (old === undefined) throw new Refusal(`${path} has no ${name}.`)
  if (!force && (valueIn(lines, `${name}_PREVIOUS`) ?? '') !== '') {
    throw new Refusal(
      `${name}_PREVIOUS is still there, and another rotation ends it. Rotate again ${WHEN[name]}, or with --force.`,
    )
  }
  replaceIn(path, lines, { [name]: newSecret(), [`${name}_PREVIOUS`]: old })
}

/** @throws Refusal if the file does not hold both */
function secretsIn(path: string): Secrets {
  const lines = existsSync(path) ? linesIn(path) : []
  const valueOf = (name: keyof Secrets) => {
    const value = valueIn(lines, name)
    if (value === undefined || value === '') throw new Refusal(`${path} has no ${name}.`)
    return value
  }
  return {
    LATCHKEY_SECRET: valueOf('LATCHKEY_SECRET'),
    LATCHKEY_SECRET_PREVIOUS: valueOf('LATCHKEY_SECRET_PREVIOUS'),
  }
}

const steps = (name: Name): string[] => [
  'wrangler cannot read a deployed secret back: the old value has to come from where you keep it. In this order:',
  `1. npx wrangler secret put ${name}_PREVIOUS    (type the OLD value)`,
  `2. npx wrangler secret put ${name}    (type a new value: \`secret rotate --print\` gives one)`,
  ...(name === 'LATCHKEY_SECRET' ? [`3. ${REENCRYPT}    (asks for both values)`] : []),
  `${name === 'LATCHKEY_SECRET' ? 4 : 3}. npx wrangler secret delete ${name}_PREVIOUS    (${WHEN[name]})`,
  ...(name === 'LATCHKEY_SECRET'
    ? [
        'If the old value leaked, take all steps, the last one at once. If it is lost, take only 2: authenticator apps then',
        'stop working, and their owners need a recovery code. Either way, everybody has to sign in again.',
      ]
    : ['If the old value leaked or is lost, leave out 1 and 3. Everybody then has to sign in again.']),
  ...(name === 'JWT_SECRET_KEY'
    ? [
        'Services that verify tokens with this key need the new one at step 2, and the old one beside it until step 3.',
        `If LATCHKEY_SECRET is not set, this key takes its place, and 3 has to wait for SESSION_TTL_SECONDS. ${STRANGERS}`,
      ]
    : ['If LATCHKEY_SECRET was never set, the OLD value is that of JWT_SECRET_KEY.', STRANGERS]),
]
