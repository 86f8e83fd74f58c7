/** The project as a stranger has it: a fresh clone in a folder of its own. */
import { execFileSync } from 'node:child_process'
import {
  copyFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { unstable_readConfig } from 'wrangler'

export const ROOT = resolve(import.meta.dirname, '../..')

export const temporaryFolder = (): string => mkdtempSync(join(tmpdir(), 'latchkey-e2e-'))

let ownCopy: string | undefined

/** A fresh clone for all tests of a file: what a developer has set here, in whichever file, is not there. */
export function cleanCopy(): string {
  if (ownCopy === undefined) {
    const folder = (ownCopy = temporaryFolder())
    process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
    freshClone(folder)
  }
  return ownCopy
}

/** The places of somebody's own code. */
const YOURS = /^(?:src|migrations)\/yours\//

/**
 * Puts the files that a commit would hold into a folder, with the packages that are installed here. Settings of a deployment
 * stay behind, and in the place of somebody's own code stands the sample.
 */
export function freshClone(folder: string): void {
  const list = execFileSync('git', ['ls-files', '-co', '--exclude-standard', '-z'], { cwd: ROOT, encoding: 'utf8' })
  for (const name of list
    .split('\0')
    .filter((file) => !YOURS.test(file) && statSync(join(ROOT, file), { throwIfNoEntry: false })?.isFile())) {
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    copyFileSync(join(ROOT, name), join(folder, name))
  }
  cpSync(join(ROOT, 'test/sample'), join(folder, 'src/yours'), { recursive: true })
  mkdirSync(join(folder, 'migrations/yours'))
  const config = join(folder, 'wrangler.toml')
  writeFileSync(config, readFileSync(config, 'utf8').replaceAll(/^\[vars\]\n(?:(?!\[).*\n?)*/gm, ''))
  if (Object.keys(unstable_readConfig({ config }).vars).length > 0) throw new Error('wrangler.toml still has vars.')
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'))
}

export async function freePort(): Promise<number> {
  return new Promise((done, failed) => {
    const server = createServer()
    server.once('error', failed)
    server.listen(0, 'localhost', () => {
      const address = server.address()
      server.close(() => done(typeof address === 'object' && address ? address.port : 0))
    })
  })
}
