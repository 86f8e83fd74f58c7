import { cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT } from './local.ts'

/**
 * A copy of what is bundled, until the process ends. In the place of `src/yours` stands the sample: what somebody adds
 * there is neither counted nor measured. It lies within the project, where packages are found.
 */
export function copyWithoutYours(): string {
  mkdirSync(join(ROOT, '.wrangler'), { recursive: true })
  const folder = mkdtempSync(join(ROOT, '.wrangler', 'without-yours-'))
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
  for (const name of ['src', 'public', 'package.json', 'tsconfig.json', 'wrangler.toml']) {
    cpSync(join(ROOT, name), join(folder, name), { recursive: true })
  }
  rmSync(join(folder, 'src/yours'), { recursive: true })
  cpSync(join(ROOT, 'test/sample'), join(folder, 'src/yours'), { recursive: true })
  return folder
}
