import { withDeadline } from '../../lib/deadline.ts'
import { logError } from '../../lib/log.ts'
import { Problem } from '../../problem.ts'
import { DEADLINE_MS } from './fetch.ts'
import type { Provider } from './providers/provider.ts'

/**
 * Runs what depends on a provider, within the deadline. Whatever goes wrong there is one refusal to the person. The log says
 * more, but nothing that the provider sent, except the code of its error.
 * @throws Problem 400 `provider_failed`
 */
export async function asking<T>({ name }: Provider, work: Promise<T>): Promise<T> {
  try {
    return await withDeadline(work, name, DEADLINE_MS)
  } catch (error) {
    if (error instanceof Problem) throw error
    logError('provider_failed', reasonOf(error), { provider: name })
    throw new Problem('provider_failed')
  }
}

/** The messages of oauth4webapi are constant texts. Those of the platform may contain what was read. */
function reasonOf(error: unknown): string {
  const { name = '', code = '', message = '', error: answered } = error as Partial<Record<string, string>>
  const sent = /^[\w.-]{1,40}$/.test(answered ?? '') ? ` ${answered}` : ''
  return `${name} ${name === 'SyntaxError' ? '' : code || message}${sent}`
}
