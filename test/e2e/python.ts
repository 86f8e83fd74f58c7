import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { skipWithout } from './service.ts'

export const PYTHON = process.env['PYTHON'] ?? '/usr/bin/python3'

/** Whether the tests of a file must be left out, because one of these modules is missing. */
export const withoutPython = (...modules: string[]): boolean =>
  skipWithout(`one of ${modules.join(', ')} for ${PYTHON}`, () =>
    execFileSync(PYTHON, ['-c', `import ${modules.join(', ')}`], { stdio: 'ignore' }),
  )

/** Runs a script of `python/` in a process of its own: JSON goes in, JSON comes out. */
export function python(script: string, input: unknown): unknown {
  const file = join(import.meta.dirname, 'python', script)
  return JSON.parse(execFileSync(PYTHON, [file], { input: JSON.stringify(input), encoding: 'utf8' }))
}
