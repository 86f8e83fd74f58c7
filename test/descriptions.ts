import type { Description } from '../src/openapi.ts'

const found = import.meta.glob<Description>(['../src/features/*/openapi.ts', '../src/pages/openapi.ts'], {
  eager: true,
})

/** What the features and the pages say of themselves. */
export const ours: Description[] = Object.values(found)
