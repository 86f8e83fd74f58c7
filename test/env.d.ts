declare namespace Cloudflare {
  interface Env {
    TEST_MIGRATIONS: import('cloudflare:test').D1Migration[]
    SCHEMA_DB: D1Database
    JWT_SECRET_KEY: string
    CONTRACT: Fetcher
    AT_LENGTH: string
    /** Of every database with migrations, by its binding: for the tests in `src/yours`. */
    MIGRATIONS: Record<string, import('cloudflare:test').D1Migration[]>
  }
}
declare module '*?raw' {
  const text: string
  export default text
}

interface ImportMeta {
  /** Vite's, as far as it is used here: the texts of files, by their paths; without options, the paths. */
  glob(pattern: string | string[], options?: { query: '?raw'; import: 'default'; eager: true }): Record<string, string>
  /** The modules themselves, by their paths. */
  glob<T>(pattern: string | string[], options: { eager: true }): Record<string, T>
}
