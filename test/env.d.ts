declare namespace Cloudflare {
  interface Env {
    TEST_MIGRATIONS: import('cloudflare:test').D1Migration[]
    SCHEMA_DB: D1Database
    JWT_SECRET_KEY: string
    CONTRACT: Fetcher
  }
}
declare module '*?raw' {
  const text: string
  export default text
}

interface ImportMeta {
  /** Vite's, as far as it is used here: the texts of files, by their paths; without options, the paths. */
  glob(pattern: string | string[], options?: { query: '?raw'; import: 'default'; eager: true }): Record<string, string>
}
