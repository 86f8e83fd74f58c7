/** Writes test/core/passwords/hashes.fixture.json anew. `npx node test/e2e/make-hashes-fixture.ts` */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { foreignHashes } from './foreign-hashes.ts'
import { ROOT } from './service.ts'

const PASSWORDS = [
  'correct horse battery staple',
  `${'café'.normalize('NFD')} ﬁ ａ 가${'나'.normalize('NFD')} 😀`, // another text in each normal form
  `more than the 72 bytes that bcrypt reads ${'0123456789'.repeat(4)}`,
]

const file = join(ROOT, 'test', 'core', 'passwords', 'hashes.fixture.json')
writeFileSync(file, `${JSON.stringify(foreignHashes(PASSWORDS, false), undefined, 2)}\n`)
