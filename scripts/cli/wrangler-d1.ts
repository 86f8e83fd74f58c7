import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { ROOT } from '../local.ts'
import { Refusal } from './command.ts'

type Rows = { results: Record<string, unknown>[] }

const MAX_OUTPUT_BYTES = 256 * 1024 * 1024

/**
 * What `core/d1.ts` uses of a D1Database, over `wrangler d1 execute`: one call, or one batch, is one run of wrangler with
 * one `--command`. wrangler 4.155.0 sends that as one query to the API of D1, and locally as one `batch()`; `--file` is
 * the API's import instead, which closes the database meanwhile and returns no rows.
 * @param target `--remote`, or `--local` and a folder, which the tests use: the same way to another database
 */
export function wranglerD1(target: string[], binding = 'DB'): D1Database {
  const prepare = (text: string) => statement(text, [], [binding, ...target])
  const batch = async (statements: Statement[]) =>
    execute(
      statements.map(({ sql }) => sql()),
      [binding, ...target],
    )
  return { prepare, batch } as unknown as D1Database
}

type Statement = ReturnType<typeof statement>

const statement = (text: string, params: readonly unknown[], target: string[]) => {
  const sql = () => inlined(text, params)
  const rows = async () => execute([sql()], target)[0]!
  return {
    sql,
    bind: (...values: unknown[]) => statement(text, values, target),
    all: rows,
    run: rows,
    first: async () => (await rows()).results[0] ?? null,
  }
}

/** A statement with its values in the text. */
export function inlined(text: string, params: readonly unknown[]): string {
  let used = 0
  const result = text.replace(/'(?:[^']|'')*'|\?\d*/g, (found) => {
    if (found.startsWith("'")) return found
    if (found !== '?') throw new TypeError('numbered parameters are not supported')
    return literal(params[used++])
  })
  if (used !== params.length) throw new TypeError(`${params.length} values for ${used} parameters`)
  return result
}

/** Text goes as hexadecimal: no character of a value can end a literal, or mean something to wrangler's splitter. */
function literal(value: unknown): string {
  if (value === null) return 'NULL'
  if (typeof value === 'number' && Number.isFinite(value)) return String(value)
  if (typeof value === 'string' && value.isWellFormed() && !value.includes('\0')) {
    return `CAST(X'${Buffer.from(value, 'utf8').toString('hex')}' AS TEXT)`
  }
  if (value instanceof ArrayBuffer) return `X'${Buffer.from(value).toString('hex')}'`
  throw new TypeError(`no value for a database: ${typeof value}`)
}

/**
 * Synchronous on purpose: wrangler takes longer to start than the deadline that `core/d1.ts` sets for a request, and a
 * write that is reported as lost while it still runs would be worse than waiting.
 */
function execute(statements: string[], target: string[]): Rows[] {
  const wrangler = join(ROOT, 'node_modules', 'wrangler', 'wrangler-dist', 'cli.js')
  const preload = join(import.meta.dirname, 'with-statements.ts')
  const args = ['--no-warnings', '--import', preload, wrangler, 'd1', 'execute', ...target, '--json']
  const { status, stdout, error } = spawnSync(join(ROOT, 'node_modules', '.bin', 'node'), args, {
    cwd: ROOT,
    input: statements.join(';\n'),
    encoding: 'utf8',
    stdio: ['pipe', 'pipe', 'inherit'],
    maxBuffer: MAX_OUTPUT_BYTES,
  })
  if (error) throw error
  const answer = parsed(stdout)
  if (status === 0 && Array.isArray(answer) && answer.length === statements.length) return answer as Rows[]
  const reason = (answer as { error?: { text?: string } } | undefined)?.error?.text
  throw new Refusal(`wrangler could not ask the database: ${reason ?? (stdout.trim() || `it ended with ${status}`)}`)
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
