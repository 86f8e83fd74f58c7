import { env } from 'cloudflare:workers'

/** Responses that were valid, without their per-request parts. Thousands of errors are alike. */
const good = new Set<string>()

/** Responses that were not checked against the contract yet. */
let waiting = new Map<string, string>()

/** Keeps a response until the test is over. Checking each one separately took longer than getting it. */
export async function noteAnswer(method: string, url: string, answer: Response): Promise<void> {
  const path = new URL(url).pathname
  const { status, headers } = answer
  const body = (await answer.text()).replace(/"request_id":"[0-9a-f-]{36}"/, '"request_id":""')
  const exchange = JSON.stringify({ method, path, status, type: headers.get('Content-Type'), body })
  if (!good.has(exchange)) waiting.set(exchange, `${method} ${path}`)
}

/** Checks the kept responses. @throws Error when a response is not in the contract */
export async function holdAgainstContract(): Promise<void> {
  const exchanges = [...waiting]
  waiting = new Map()
  if (exchanges.length === 0) return
  const body = `[${exchanges.map(([exchange]) => exchange).join()}]`
  const answer = await env.CONTRACT.fetch('http://contract', { method: 'POST', body })
  const wrong = (await answer.json<(string | null)[]>()).flatMap((violation, i) =>
    violation === null ? [] : [`${exchanges[i]![1]} answered what public/openapi.json does not say: ${violation}`],
  )
  if (wrong.length > 0) throw new Error(wrong.join('\n'))
  for (const [exchange] of exchanges) good.add(exchange)
}
