/**
 * Writes what `npm pack ./packages/client` packs: the client and the testing kit as JavaScript, with their types. What they
 * import of ours comes along; nothing else is needed to run or to check them.
 */
import { copyFileSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, sep } from 'node:path'
import ts from 'typescript'
import { ROOT } from './local.ts'

const SOURCE = join(ROOT, 'src')
const PACKAGE = join(ROOT, 'packages', 'client')
const ENTRIES = ['client/index.ts', 'testing/index.ts', 'testing/clock.ts']

/** Clients know its codes by their types alone. */
const TYPES_ALONE = join(SOURCE, 'problem.ts')

const { options, errors } = ts.convertCompilerOptionsFromJson(
  {
    target: 'ES2022',
    lib: ['ES2024', 'DOM'],
    module: 'ESNext',
    moduleResolution: 'bundler',
    types: [],
    strict: true,
    noUncheckedIndexedAccess: true,
    exactOptionalPropertyTypes: true,
    verbatimModuleSyntax: true,
    rewriteRelativeImportExtensions: true,
    declaration: true,
    skipLibCheck: true,
    rootDir: SOURCE,
    outDir: join(PACKAGE, 'dist'),
  },
  ROOT,
)
const program = ts.createProgram(
  ENTRIES.map((name) => join(SOURCE, name)),
  options,
)
const found = [...errors, ...ts.getPreEmitDiagnostics(program)]
if (found.length > 0) throw new Error(found.map(({ messageText }) => JSON.stringify(messageText)).join('\n'))

rmSync(join(PACKAGE, 'dist'), { recursive: true, force: true })
for (const file of program.getSourceFiles().filter(({ fileName }) => fileName.startsWith(SOURCE + sep))) {
  program.emit(file, write, undefined, file.fileName === TYPES_ALONE)
}
copyFileSync(join(ROOT, 'LICENSE'), join(PACKAGE, 'LICENSE'))

/** TypeScript leaves `.ts` in the imports of types, and writes files for modules of types alone. */
function write(path: string, text: string): void {
  if (/^(\/\*.*\*\/\n)?export \{\};\n$/.test(text)) return
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, path.endsWith('.d.ts') ? text.replaceAll(/(from '\.[^']*)\.ts'/g, "$1.js'") : text)
}
