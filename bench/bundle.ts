import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, parse, resolve } from 'node:path'
import { unstable_readConfig } from 'wrangler'
import { OFFLINE, ROOT } from '../scripts/local.ts'

export const BENCH = join(ROOT, 'bench')

const { name, compatibility_date, minify, keep_names, alias } = unstable_readConfig({
  config: join(ROOT, 'wrangler.toml'),
})
export { compatibility_date }

/**
 * What `wrangler deploy` would upload, with this project's settings whatever the entry is. `replaced` names modules that
 * are taken from a file of ours instead.
 */
export function bundle(entry: string, replaced: Record<string, string> = {}): string {
  const folder = mkdtempSync(join(tmpdir(), 'bench-bundle-'))
  try {
    const aliases = Object.entries<string>({ ...(alias as Record<string, string>), ...replaced }).map(([from, to]) => [
      from,
      resolve(ROOT, to),
    ])
    const settings = { name, compatibility_date, minify, keep_names, alias: Object.fromEntries(aliases) as object }
    writeFileSync(join(folder, 'wrangler.json'), JSON.stringify(settings))
    const wrangler = join(ROOT, 'node_modules', 'wrangler', 'bin', 'wrangler.js')
    const files = ['--config', join(folder, 'wrangler.json'), '--outdir', folder]
    execFileSync(process.execPath, [wrangler, 'deploy', resolve(ROOT, entry), '--dry-run', ...files], {
      cwd: ROOT,
      env: { ...process.env, ...OFFLINE },
      stdio: ['ignore', 'ignore', 'inherit'],
    })
    return readFileSync(join(folder, `${parse(entry).name}.js`), 'utf8')
  } finally {
    rmSync(folder, { recursive: true })
  }
}
