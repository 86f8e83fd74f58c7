import { readFileSync } from 'node:fs'
import { registerHooks } from 'node:module'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'

/** Lets Node load `.tsx`. By itself Node strips types, but does not compile JSX. */
export function takeJsx(): void {
  const compilerOptions = { jsx: ts.JsxEmit.ReactJSX, jsxImportSource: '#jsx', module: ts.ModuleKind.ESNext }
  registerHooks({
    load(url, context, next) {
      if (!url.endsWith('.tsx')) return next(url, context)
      const text = readFileSync(fileURLToPath(url), 'utf8')
      const target = ts.ScriptTarget.ES2024
      const { outputText: source } = ts.transpileModule(text, { compilerOptions: { ...compilerOptions, target } })
      return { format: 'module', source, shortCircuit: true }
    },
  })
}
