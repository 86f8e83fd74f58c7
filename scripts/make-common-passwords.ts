/** Writes src/core/passwords/common-passwords.data.ts: a Bloom filter of the most common passwords that are long enough to be chosen. */
import { createHash } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { ROOT } from './local.ts'

/** Loaded by its path, because the package has types for its main module only. */
const path = createRequire(import.meta.url).resolve('zxcvbn/lib/frequency_lists.js')
const lists = (await import(path)) as { default: { passwords: string[] } }

const SHORTEST = 8
const ENTRIES = 3_200

/** 13 bits for each entry, and eight hashes: the words of one SHA-256. One uncommon password in 500 counts as common. */
const BITS = Math.ceil((ENTRIES * 13) / 8) * 8
const HASHES = 8

const common = lists.default.passwords.filter((password) => Array.from(password).length >= SHORTEST).slice(0, ENTRIES)
const filter = Buffer.alloc(BITS / 8)
for (const password of common) {
  const digest = createHash('sha256').update(password).digest()
  for (let i = 0; i < HASHES; i++) {
    const bit = digest.readUInt32BE(i * 4) % BITS
    filter[bit >> 3]! |= 1 << (bit & 7)
  }
}

const output = join(ROOT, 'src', 'core', 'passwords', 'common-passwords.data.ts')
writeFileSync(
  output,
  `// Made by scripts/make-common-passwords.ts from the first ${ENTRIES} passwords of at least ${SHORTEST} characters in zxcvbn 4.4.2 (MIT).
export const HASHES = ${HASHES}
export const FILTER =
  '${filter.toString('base64')}'
`,
)
