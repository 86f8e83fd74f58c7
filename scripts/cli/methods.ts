import { globSync } from 'node:fs'
import { join } from 'node:path'
import type { Feature, Method } from '../../src/core/call.ts'
import { takeJsx } from '../jsx.ts'
import { ROOT } from '../local.ts'

/** The authentication methods of all features. Loaded by the commands that need them, because features have pages. */
export async function allMethods(): Promise<Method[]> {
  takeJsx()
  const files = globSync('src/features/*/index.ts', { cwd: ROOT }).sort()
  const modules = await Promise.all(files.map((file) => import(join(ROOT, file)) as Promise<Record<string, Feature>>))
  return modules.flatMap(Object.values<Feature>).flatMap(({ methods = [] }) => methods)
}
