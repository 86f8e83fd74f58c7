import { clock, type Finding, reasonOf } from './finding.ts'

const DEADLINE_MS = 10_000

type Answer = { status?: string; warnings?: FieldError[]; errors?: FieldError[] }
type FieldError = { field: string; code: string }

/** What a running service says about itself. */
export async function checkUrl(url: string): Promise<Finding[]> {
  try {
    const response = await fetch(new URL('/ready', url), {
      signal: AbortSignal.timeout(DEADLINE_MS),
      redirect: 'error',
    })
    const { status, warnings = [], errors = [] } = (await response.json()) as Answer
    const isReady = response.ok && status === 'ready'
    const date = Date.parse(response.headers.get('Date') ?? '')
    return [
      isReady
        ? { level: 'ok', about: 'service', text: 'is ready' }
        : { level: 'fail', about: 'service', text: `/ready answered ${response.status}` },
      ...errors.map(({ field, code }): Finding => ({ level: 'fail', about: field, text: `at the service: ${code}` })),
      ...warnings.map(({ field, code }): Finding => ({ level: 'warn', about: field, text: `at the service: ${code}` })),
      ...(Number.isNaN(date) ? [] : [clock('clock of the service', date / 1000, Date.now() / 1000)]),
    ]
  } catch (error) {
    const text = `${url} did not answer as Latchkey does (${reasonOf(error)}): is this its address?`
    return [{ level: 'fail', about: 'service', text }]
  }
}
