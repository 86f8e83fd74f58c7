import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { skipWithout } from './service.ts'

export const PYTHON = process.env['PYTHON'] ?? '/usr/bin/python3'

/** Whether the tests of a file must be left out, because one of these modules is missing. */
export const withoutPython = (...modules: string[]): boolean =>
  skipWithout(`one of ${modules.join(', ')} for ${PYTHON}`, () =>
    execFileSync(PYTHON, ['-c', `import ${modules.join(', ')}`], { stdio: 'ignore' }),
  )

/**
 * Runs a script of `python/` in a process of its own: JSON goes in, JSON comes out. Its clock may be behind, by so many
 * seconds.
 */
export function python(script: string, input: unknown, behind = 0): unknown {
  const args = pythonArgs(join(import.meta.dirname, 'python', script), behind)
  return JSON.parse(execFileSync(PYTHON, args, { input: JSON.stringify(input), encoding: 'utf8' }))
}

/** What runs a script with a clock that is behind, by so many seconds. */
export const pythonArgs = (file: string, behind: number): string[] =>
  behind === 0 ? [file] : [join(import.meta.dirname, 'python', 'behind.py'), String(behind), file]
