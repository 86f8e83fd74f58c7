import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import ts from 'typescript'
import { ROOT } from './local.ts'

const compilerOptions = {
  target: ts.ScriptTarget.ES2022,
  module: ts.ModuleKind.ESNext,
  verbatimModuleSyntax: true,
  rewriteRelativeImportExtensions: true,
  removeComments: true,
}

/** The client as modules for browsers, by their names in `public`. */
export function clientFiles(): Record<string, string> {
  const folder = join(ROOT, 'src', 'client')
  return Object.fromEntries(
    readdirSync(folder)
      .sort()
      .map((name) => [
        `client/${name.replace(/\.ts$/, '.js')}`,
        ts.transpileModule(readFileSync(join(folder, name), 'utf8'), { compilerOptions }).outputText,
      ])
      .filter(([, text]) => text !== 'export {};\n'), // types alone
  )
}
