import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import { unstable_readConfig } from 'wrangler'
import { config, warnings } from '../../src/config.ts'
import { areKeysWhole } from '../../src/core/keys/signing.ts'
import { Problem } from '../../src/problem.ts'
import { ROOT } from '../local.ts'
import { readSettings } from '../settings-file.ts'
import { type Finding, finding } from './finding.ts'

/** wrangler's own; see docs/decisions/003. */
const MIN_NODE = 22

const BINDINGS = ['DB', 'DOORKEEPER', 'EMAIL', 'PREFILTER', 'PREFILTER_REFRESH', 'BREAKER']
const SECRETS = ['JWT_SECRET_KEY', 'LATCHKEY_SECRET']

/** What stands in [vars] or as a secret of the deployed service, and `npm run dev` gives by itself. */
export const GIVEN_BY_DEV = ['PUBLIC_URL', 'MAIL_FROM']

const advice: Record<string, string> = {
  an_example: 'is an example: set the sender of your mails',
  derived_from_jwt_secret_key: 'is not set, so JWT_SECRET_KEY takes its place: set a separate one',
  missing: 'is missing: set it',
  malformed: 'is not what it should be: docs/reference.md says what',
  no_challenge_on_hosted_page: 'is not set, so only a login page of your own can show the challenge',
  no_key_for_es256: 'has no private key for ES256: `secret rotate signing` makes keys',
  no_key_for_rs256: 'has no private key for RS256: `secret rotate signing` makes keys',
  rotation_not_finished: 'are being replaced: `secret rotate signing` says what comes next',
  same_as_jwt_secret_key: 'is the same as JWT_SECRET_KEY: `secret rotate LATCHKEY_SECRET`',
  too_short: 'is shorter than 32 bytes: `secret rotate --print` prints a longer one',
  well_known: 'is an example from public documentation: `secret rotate --print` prints another',
}

export function checkTools(): Finding[] {
  const manifest = (path: string) => JSON.parse(readFileSync(join(ROOT, path), 'utf8')) as Record<string, unknown>
  const { wrangler: pinned } = manifest('package.json')['devDependencies'] as { wrangler: string }
  const installed = String(manifest('node_modules/wrangler/package.json')['version'])
  const { node } = process.versions
  return [
    finding('node', Number.parseInt(node, 10) >= MIN_NODE, node, {
      fail: `${node} is too old for wrangler: start this with npm run latchkey`,
    }),
    finding('wrangler', installed === pinned, installed, { warn: `${installed} is not ${pinned}: npm ci` }),
  ]
}

export function checkConfiguration(): Finding[] {
  const file = readConfig()
  const names = [
    ...file.d1_databases.map(({ binding }) => binding),
    ...file.durable_objects.bindings.map(({ name }) => name),
    ...file.send_email.map(({ name }) => name),
    ...file.ratelimits.map(({ name }) => name),
  ]
  const missing = BINDINGS.filter((name) => !names.includes(name))
  return [
    finding('bindings', missing.length === 0, 'are in wrangler.toml', {
      fail: `wrangler.toml lacks ${missing.join(', ')}: put them back`,
    }),
    finding('cron', (file.triggers.crons ?? []).length > 0, 'is in wrangler.toml', {
      fail: 'wrangler.toml has no [triggers] crons: failed mails are not tried again, and expired rows are not deleted',
    }),
  ]
}

/** The settings as `npm run dev` would have them. */
export function checkLocalSettings(): Finding[] {
  const file = readSettings()
  if (!file) return [{ level: 'warn', about: 'settings', text: '.dev.vars does not exist yet: npm run dev writes it' }]
  return [
    ...file.misread.map(({ name, text, isCut }) => ({
      level: isCut ? ('fail' as const) : ('warn' as const),
      about: name,
      text,
    })),
    ...judged({ ...readConfig().vars, ...file.values }, GIVEN_BY_DEV),
  ]
}

/** Whether the local signing keys work: `/ready` says it of a deployed service. */
export async function checkLocalKeys(): Promise<Finding[]> {
  const values = { ...readConfig().vars, ...readSettings()?.values }
  if (!('SIGNING_KEYS' in values) || judged(values, GIVEN_BY_DEV).some(({ level }) => level === 'fail')) return []
  return [
    finding(
      'SIGNING_KEYS',
      await areKeysWhole(config({ PUBLIC_URL: 'http://localhost', ...values })),
      'sign and verify',
      {
        fail: 'have halves that do not belong together: `secret rotate signing --print` prints fresh ones',
      },
    ),
  ]
}

/** What is wrong with settings, and what should not stay as it is. */
export function judged(vars: object, without: string[] = []): Finding[] {
  try {
    const found = warnings(config(vars)).filter(({ field }) => !without.includes(field))
    if (found.length === 0) return [{ level: 'ok', about: 'settings', text: 'are complete' }]
    return found.map(({ field, code }) => ({ level: 'warn', about: field, text: advice[code] ?? code }))
  } catch (error) {
    if (!(error instanceof Problem)) throw error
    const given = (error.errors ?? []).filter(({ field, code }) => code !== 'missing' || !without.includes(field))
    if (given.length === 0) return [{ level: 'ok', about: 'settings', text: 'are complete' }]
    return given.map(({ field, code }) => ({ level: 'fail', about: field, text: advice[code] ?? code }))
  }
}

/** Only the names of deployed secrets can be asked for. */
export function checkSecrets(): Finding[] {
  const wrangler = join(ROOT, 'node_modules', 'wrangler', 'bin', 'wrangler.js')
  const list = spawnSync(process.execPath, [wrangler, 'secret', 'list', '--format', 'json'], {
    cwd: ROOT,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  if (list.status !== 0) {
    const text = `wrangler could not list them: ${
      stripVTControlCharacters(list.stderr || list.stdout)
        .trim()
        .split('\n')[0]
    }`
    return [{ level: 'fail', about: 'secrets', text }]
  }
  const there = (JSON.parse(list.stdout) as { name: string }[]).map(({ name }) => name)
  return SECRETS.map((name) =>
    finding(name, there.includes(name), 'is set', { fail: `is not set: npx wrangler secret put ${name}` }),
  )
}

type Configuration = {
  d1_databases: { binding: string }[]
  durable_objects: { bindings: { name: string }[] }
  send_email: { name: string }[]
  ratelimits: { name: string }[]
  triggers: { crons?: string[] }
  vars: Record<string, unknown>
}

const readConfig = (): Configuration => unstable_readConfig({ config: join(ROOT, 'wrangler.toml') })
