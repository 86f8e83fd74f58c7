/**
 * The Worker's bindings, as far as code names them that the command line shares. wrangler's own declarations would bring
 * the whole Worker along, which is checked against other libraries.
 */
interface Env {
  DB: D1Database
  PREFILTER: RateLimit
  BREAKER: RateLimit
  DOORKEEPER: DurableObjectNamespace
}
