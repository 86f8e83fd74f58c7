import { cloudflareTest, readD1Migrations } from '@cloudflare/vitest-pool-workers'
import { Response } from 'miniflare'
import { defineConfig } from 'vitest/config'
import { type Exchange, violation } from './test/traffic.ts'

// One worker for all files: starting workerd anew for each costs more than the tests. Every file resets its storage.
export default defineConfig({
  plugins: [
    cloudflareTest({
      wrangler: { configPath: './wrangler.toml' },
      miniflare: {
        bindings: {
          TEST_MIGRATIONS: await readD1Migrations('migrations'),
          // A developer's own .dev.vars must not decide what is tested.
          JWT_SECRET_KEY: 'only-for-tests: the key that signs access tokens',
          LATCHKEY_SECRET: 'only-for-tests: the key that is shared with nobody',
          JWT_SECRET_KEY_PREVIOUS: '',
          JWT_AUDIENCE: '',
          JWT_ISSUER: 'latchkey',
          ACCESS_TOKEN_TTL_SECONDS: '',
          ALLOWED_ORIGINS: 'https://app.example',
          BCRYPT_COST: '10', // the cheapest that is allowed
          PUBLIC_URL: 'https://login.example',
          MAIL_FROM: 'latchkey@login.example',
          REQUEST_LOG: 'off', // test/http/observe.test.ts turns it on
          REVOCATION_FEED_SECRET: 'only-for-tests: what other services show',
        },
        // Every answer that a test gets is held against the contract: in Node, because ajv compiles what it checks with.
        serviceBindings: {
          CONTRACT: async (request) => new Response(violation((await request.json()) as Exchange) ?? ''),
        },
        d1Databases: { SCHEMA_DB: 'schema' }, // empty: test/schema.test.ts fills it from schema.sql
      },
    }),
  ],
  test: {
    include: ['test/**/*.test.{ts,tsx}'],
    exclude: ['test/e2e/**'],
    isolate: false,
    maxWorkers: 1,
    testTimeout: 30_000,
    silent: 'passed-only',
    css: true, // stylesheets that a test reads are not emptied
    coverage: { provider: 'v8', include: ['src/**'] },
  },
})
