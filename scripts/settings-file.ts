import { existsSync, readFileSync } from 'node:fs'
import { basename, join, resolve } from 'node:path'
import { unstable_getVarsForDev } from 'wrangler'
import { settings } from '../src/config.ts'
import { ROOT } from './local.ts'

/** A setting that wrangler reads otherwise than it is written, and what to do. `isCut`: only a part of a secret is used. */
export type Misread = { name: string; text: string; isCut: boolean }

type Where = {
  folder?: string
  /** `--env`: wrangler then reads `.dev.vars.<env>`, where there is one. */
  environment?: string | undefined
  /** `--env-file`: these in place of `.dev.vars`. */
  files?: string[] | undefined
}

/**
 * The settings of a developer as wrangler reads them, and those that it reads otherwise than they are written: dotenv is
 * silent when it cuts a value at its `#`. No text holds a value. Undefined if there is no file.
 */
export function readSettings({ folder = ROOT, environment, files = [] }: Where = {}):
  { values: Record<string, string>; misread: Misread[] } | undefined {
  const own = files.length > 0 ? files : [`.dev.vars.${environment}`, '.dev.vars']
  const there = own.map((name) => resolve(folder, name)).filter((path) => existsSync(path))
  const read = files.length > 0 ? there : there.slice(0, 1)
  if (read.length === 0) return undefined
  const given = unstable_getVarsForDev(join(folder, 'wrangler.toml'), files, {}, environment, true)
  const values = Object.fromEntries(Object.entries(given).map(([name, { value }]) => [name, String(value)]))
  const lines = read.flatMap(linesOf)
  const misread = lines.flatMap((line, i) => {
    const wrong = lines.slice(i + 1).some(({ name }) => name === line.name)
      ? TWICE
      : whatIsWrong(line, values[line.name])
    return wrong === undefined
      ? []
      : [{ name: line.name, text: wrong.text, isCut: wrong.cuts && SECRET.test(line.name) }]
  })
  return { values, misread: [...misread, ...unread(folder, read)] }
}

type Line = { name: string; written: string }

function linesOf(path: string): Line[] {
  return readFileSync(path, 'utf8')
    .split(/\r\n?|\n/)
    .flatMap((line) => {
      const [, name, written] = /^\s*(?:export\s+)?([\w.-]+)(?:\s*=|:\s)\s*(.*?)\s*$/.exec(line) ?? []
      return name === undefined || written === undefined ? [] : [{ name, written }]
    })
}

const SECRET = /(?:SECRET|TOKEN|KEYS?|PASSWORD|BACKENDS)(?:_PREVIOUS)?$/

type Wrong = { text: string; cuts: boolean }

const TWICE: Wrong = { text: 'is there twice, and only the last one counts', cuts: false }
const DOLLAR: Wrong = { text: 'is changed by the $ in it: put \\ before it', cuts: true }

function whatIsWrong({ name, written }: Line, value: string | undefined): Wrong | undefined {
  if (value === undefined) {
    // A line of a key in PEM may look like a setting, but not like one of ours.
    if (!Object.hasOwn(settings.entries, name)) return undefined
    return { text: 'is not read, because a quote before it is not closed', cuts: true }
  }
  // Read as written, but for the backslash before a dollar. `"Login" <a@b.c>` begins with a quote, but is not a quoted value.
  if (value === written.replaceAll('\\$', '$') && !/^['"`]/.test(written.replace(/^"[^"]*" </, '<'))) return undefined
  const quoted = /^(['"`])(.*?)\1(?:\s+#.*)?$/.exec(written)
  if (quoted) {
    const isMeant = !Object.hasOwn(settings.entries, name) && /\\[nr]/.test(written) // none of ours has lines
    if (value === quoted[2] || value === quoted[2]?.replaceAll('\\$', '$') || isMeant) return undefined
    if (/\\[nr]/.test(written)) return { text: 'has a \\n that becomes a line break: use single quotes', cuts: false }
    return written.includes('$') ? DOLLAR : { text: 'has its own quotes in it: use others around it', cuts: true }
  }
  if (/^['"`]/.test(written)) {
    if (value.includes('\n')) return undefined // it ends on another line
    return { text: 'does not end with the quote that it begins with', cuts: true }
  }
  const [, before, after] = /^([^#]*)#(.*)$/.exec(written) ?? []
  if (before !== undefined && after !== undefined) {
    const isApart = /(?:^|\s)$/.test(before)
    if (isApart && /^(?:$|[\s#])/.test(after)) return undefined // a comment
    return { text: 'ends where its # begins: put the value in quotes', cuts: true }
  }
  return value === written ? undefined : DOLLAR
}

/** Files with settings of ours that wrangler ignores, because it reads another file. */
function unread(folder: string, read: string[]): Misread[] {
  return ['.env', '.env.local', '.dev.vars.local']
    .map((name) => join(folder, name))
    .filter((path) => existsSync(path) && !read.includes(path))
    .filter((path) => linesOf(path).some(({ name }) => Object.hasOwn(settings.entries, name)))
    .map((path) => ({
      name: basename(path),
      text: `is not read: put its settings into ${basename(read[0]!)}`,
      isCut: false,
    }))
}
