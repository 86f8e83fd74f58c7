/** The client and the testing kit as a package: packed, installed in an empty project, checked and run there. */
import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { launch, ROOT, run, type Running, type Service, startService, temporaryFolder } from './service.ts'

const read = (path: string) => readFileSync(join(ROOT, path), 'utf8')

/** Examples by their file names, which stand in their first lines. */
const examplesOf = (page: string) =>
  new Map([...page.matchAll(/^```ts\n\/\/ (\S+).*\n([\s\S]*?)^```/gm)].map(([, name = '', text = '']) => [name, text]))
const EXAMPLES = new Map([...examplesOf(read('packages/client/README.md')), ...examplesOf(read('docs/testing.md'))])
const PROGRAMS = ['sign-in.ts', 'account.ts', 'two-factors.ts']
const WORKER = ['index.ts', 'index.test.ts', 'vitest.config.ts']

/** The Node of this machine, which may be 20. Ours is first in the path of npm scripts. */
const NODE = (process.env['PATH'] ?? '')
  .split(delimiter)
  .map((folder) => join(folder, 'node'))
  .find((path) => !path.includes('node_modules') && existsSync(path))!

let service: Service
let project: string
beforeAll(async () => {
  project = temporaryFolder()
  const packed = await inProject('npm', ['pack', join(ROOT, 'packages/client'), '--json'], ROOT)
  expect(packed).toMatchObject({ code: 0 })
  writeFileSync(join(project, 'package.json'), '{"name":"empty","private":true,"type":"module"}')
  const tarball = `latchkey-client-${version()}.tgz`
  expect(await inProject('npm', ['install', '--offline', `./${tarball}`])).toMatchObject({ code: 0 })
  service = await startService()
})
afterAll(async () => {
  await service?.stop()
  rmSync(project, { recursive: true, force: true })
})

const version = () => (JSON.parse(read('package.json')) as { version: string }).version

async function inProject(command: string, args: string[], cwd = project) {
  const more = args[0] === 'pack' ? ['--pack-destination', project] : []
  const running: Running = launch(command, [...args, ...more], { cwd })
  return { code: await running.exited, output: running.output() }
}

const installed = (path: string) => join(project, 'node_modules/latchkey-client', path)

it('has the version of the service, and nothing but modules, their types and what is said about them', () => {
  const own = JSON.parse(readFileSync(installed('package.json'), 'utf8')) as Record<string, unknown>
  expect(own).toMatchObject({ version: version(), type: 'module', sideEffects: false, license: 'MIT' })
  expect(own).not.toHaveProperty('private')
  expect(own).not.toHaveProperty('dependencies')
  const files = execFileSync('find', [installed(''), '-type', 'f'], { encoding: 'utf8' })
    .trim()
    .split('\n')
  const others = files
    .map((path) => path.slice(installed('').length + 1))
    .filter((path) => !/^dist\/[\w/]+\.(d\.ts|js)$/.test(path))
  expect(others.sort()).toEqual(['LICENSE', 'README.md', 'package.json'])
  const lock = JSON.parse(readFileSync(join(project, 'package-lock.json'), 'utf8')) as { packages: object }
  expect(Object.keys(lock.packages)).toEqual(['', 'node_modules/latchkey-client'])
})

describe('its examples', () => {
  it('are all known here', () => {
    expect([...EXAMPLES.keys()].sort()).toEqual([...PROGRAMS, ...WORKER, 'kit.test.ts'].sort()) // see yours.e2e.ts
  })

  it.each([
    ['node16', 'node16'],
    ['nodenext', 'nodenext'],
    ['esnext', 'bundler'],
  ])('compile with module %s and moduleResolution %s', async (module, moduleResolution) => {
    for (const name of PROGRAMS) writeFileSync(join(project, name), programOf(name))
    const compilerOptions = {
      module,
      moduleResolution,
      target: 'es2022',
      lib: ['es2022', 'dom'],
      types: [],
      outDir: 'out',
      strict: true,
      exactOptionalPropertyTypes: true,
      noUncheckedIndexedAccess: true,
      skipLibCheck: false,
    }
    writeFileSync(join(project, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: PROGRAMS }))
    expect(await inProject(NODE, [join(ROOT, 'node_modules/typescript/bin/tsc')])).toEqual({ code: 0, output: '' })
  })

  it.each([
    ['sign-in.ts', 'demo@example.com 0 true 200'],
    ['account.ts', 'true 0 0'],
    ['two-factors.ts', 'passkey,totp'],
  ])('run with the Node of this machine: %s', async (name, output) => {
    const program = join('out', name.replace('.ts', '.js'))
    expect(await inProject(NODE, [program])).toEqual({ code: 0, output: `${output}\n` })
  })

  it('do not compile where they ask for what is not there', async () => {
    writeFileSync(join(project, 'sign-in.ts'), programOf('sign-in.ts').replace('email, roles', 'nickname, roles'))
    const { code, output } = await inProject(NODE, [join(ROOT, 'node_modules/typescript/bin/tsc'), '--noEmit'])
    expect(code).not.toBe(0)
    expect(output).toContain("'nickname' does not exist on type 'Account'")
  })

  it('test a Worker of one’s own in a vitest pool', async () => {
    mkdirSync(join(ROOT, '.wrangler'), { recursive: true }) // beside node_modules; git ignores it
    const folder = mkdtempSync(join(ROOT, '.wrangler', 'worker-'))
    try {
      for (const name of WORKER) writeFileSync(join(folder, name), EXAMPLES.get(name)!)
      cpSync(installed(''), join(folder, 'node_modules/latchkey-client'), { recursive: true })
      const { code, output } = await run('npx', ['vitest', 'run', '--root', folder])
      expect({ code, output }).toMatchObject({ code: 0 })
      expect(output.replaceAll(/\x1b\[\d+m/g, '')).toMatch(/Tests +1 passed/)
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  })
})

const programOf = (name: string) => EXAMPLES.get(name)!.replaceAll('http://localhost:8787', service.url)
