/**
 * Logs a failure outside of a request for the operator. `code` names it, `about` identifies what failed. Never pass a
 * secret.
 */
export function logError(code: string, error: unknown, about: object = {}): void {
  console.error(JSON.stringify({ level: 'error', code, ...about, reason: String(error).slice(0, 200) }))
}
