import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { Refusal } from './command.ts'

/** The lines of a file with local secrets. @throws Refusal */
export function linesIn(path: string): string[] {
  if (!existsSync(path)) throw new Refusal(`${path} does not exist. npm run dev writes it.`)
  return readFileSync(path, 'utf8').split('\n')
}

export const valueIn = (lines: string[], name: string): string | undefined =>
  lines
    .findLast((line) => nameIn(line) === name)
    ?.replace(/^[^=]*=/, '')
    .trim()

const nameIn = (line: string): string => /^\s*(?:export\s+)?(\w+)\s*=/.exec(line)?.[1] ?? ''

/**
 * Writes these settings where the first of them stood, or at the end. Everything else in the file stays, and there is never
 * half a file.
 */
export function replaceIn(path: string, lines: string[], fresh: Record<string, string>): void {
  const names = Object.keys(fresh)
  const isOld = (line: string) => names.includes(nameIn(line))
  const at = lines.findIndex((line) => nameIn(line) === names[0])
  const before = (at < 0 ? lines.filter((line) => line !== '') : lines.slice(0, at)).filter((line) => !isOld(line))
  const after = at < 0 ? [''] : lines.slice(at).filter((line) => !isOld(line))
  const own = Object.entries(fresh).map(([name, value]) => `${name}=${value}`)
  const temporary = `${path}.${process.pid}.new`
  try {
    writeFileSync(temporary, [...before, ...own, ...after].join('\n'), { mode: 0o600, flag: 'wx' })
    renameSync(temporary, path)
  } finally {
    rmSync(temporary, { force: true })
  }
}
