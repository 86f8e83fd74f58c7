import { defineConfig } from 'vitest/config'

// Each file starts `npm run dev` and tests it from outside. One file at a time: bcrypt, workerd and Chromium need the
// machine.
export default defineConfig({
  test: {
    include: ['test/e2e/**/*.e2e.ts'],
    fileParallelism: false,
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
})
