import { join } from 'node:path'
import { cloudflareTest, readD1Migrations } from '@cloudflare/vitest-pool-workers'
import { Response } from 'miniflare'
import { defineConfig } from 'vitest/config'
import { migratedDatabases } from './scripts/migrations.ts'
import { newSigningKeys } from './scripts/signing-keys.ts'
import { settings } from './src/config.ts'
import { type Exchange, violation } from './test/world/violation.ts'

const BINDINGS = {
  // No .dev.vars and no [vars] of a deployment may influence the tests: what is not set here is unset.
  ...Object.fromEntries(Object.keys(settings.entries).map((name) => [name, ''])),
  JWT_SECRET_KEY: 'only-for-tests: the key that signs access tokens',
  LATCHKEY_SECRET: 'only-for-tests: the key that is shared with nobody',
  SIGNING_KEYS: JSON.stringify(newSigningKeys()),
  ALLOWED_ORIGINS: 'https://app.example',
  CLIENT_ID_METADATA_DOCUMENTS: '* -refused.example',
  BCRYPT_COST: '10', // the lowest that is allowed
  PUBLIC_URL: 'https://login.example',
  MAIL_FROM: 'latchkey@login.example',
  REQUEST_LOG: 'off', // test/http/observe.test.ts turns it on
  REVOCATION_FEED_SECRET: 'only-for-tests: what other services show',
  AT_LENGTH: process.env['AT_LENGTH'] ?? '', // see test/world/counts.ts
}

/** These tests cover Latchkey only. The sample replaces the user's own code, whatever it contains. */
const SAMPLE = {
  find: /^(?:\.\.?\/)+(?:src\/)?yours\/index\.ts$/,
  replacement: join(import.meta.dirname, 'test/sample/index.ts'),
}

// Two workers run all files, because starting workerd for each one takes longer than the tests. Every file resets its
// storage.
const shared = { isolate: false, testTimeout: 120_000 } // for a busy machine

export default defineConfig({
  test: {
    maxWorkers: 2,
    silent: 'passed-only',
    tags: [{ name: 'many', description: 'Tries the same many times, and more often in npm run check.' }],
    projects: [
      {
        resolve: { alias: [SAMPLE] },
        plugins: [
          cloudflareTest({
            wrangler: { configPath: './wrangler.toml' },
            miniflare: {
              bindings: { ...BINDINGS, TEST_MIGRATIONS: await readD1Migrations('migrations') },
              // Every response is checked against the contract, in Node, because ajv generates code.
              serviceBindings: {
                CONTRACT: async (request) =>
                  Response.json(((await request.json()) as Exchange[]).map((exchange) => violation(exchange) ?? null)),
              },
              d1Databases: { SCHEMA_DB: 'schema' }, // empty: test/schema.test.ts fills it from schema.sql
            },
          }),
        ],
        test: {
          ...shared,
          name: 'latchkey',
          include: ['test/**/*.test.{ts,tsx}'],
          setupFiles: ['test/world/setup.ts'],
          exclude: ['test/e2e/**'],
          css: true, // keeps the content of stylesheets that tests read
        },
      },
      {
        plugins: [
          cloudflareTest({
            wrangler: { configPath: './wrangler.toml' },
            miniflare: {
              bindings: {
                ...BINDINGS,
                // The migrations of every database, by its binding.
                MIGRATIONS: Object.fromEntries(
                  await Promise.all(
                    migratedDatabases().map(async (one) => [one.binding, await readD1Migrations(one)] as const),
                  ),
                ),
              },
            },
          }),
        ],
        test: { ...shared, name: 'yours', include: ['src/yours/**/*.test.{ts,tsx}'] },
      },
    ],
  },
})
