import { join } from 'node:path'
import { copyWithoutYours } from '../scripts/without-yours.ts'
import { bundle } from './bundle.ts'

const FREE = { bcryptjs: './bench/contenders/free-bcrypt.ts' }

/** With the `POST /action` of the sample, whatever `src/yours` holds. */
const latchkey = (replaced = {}) => bundle(join(copyWithoutYours(), 'src/index.ts'), replaced)

const BUNDLES = {
  'bare Worker': () => bundle('bench/contenders/bare-worker.ts'),
  'bare Hono': () => bundle('bench/contenders/bare-hono.ts'),
  'hono/jwt': () => bundle('bench/contenders/hono-jwt.ts'),
  'hono/jwt, cached key': () => bundle('bench/contenders/hono-jwt-cached.ts'),
  'jose, cached key': () => bundle('bench/contenders/jose-cached.ts'),
  Latchkey: () => latchkey(),
  'Latchkey, free hash': () => latchkey(FREE),
  'better-auth': () => bundle('bench/contenders/better-auth.js'),
  'better-auth, same features': () => bundle('bench/contenders/better-auth-full.js'),
  'better-auth, free hash': () => bundle('bench/contenders/better-auth.js', FREE),
}

const made = new Map<string, string>()

/** A contender's script, made once. */
export function script(name: keyof typeof BUNDLES): string {
  const text = made.get(name) ?? BUNDLES[name]()
  made.set(name, text)
  return text
}
