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
