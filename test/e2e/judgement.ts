/** What another service answers to tokens of ours, at `/report`. */
import { setTimeout as sleep } from 'node:timers/promises'
import { expect } from 'vitest'
import type { Running } from './processes.ts'

/** What a service answers to a token, once it answers at all. */
export async function report(port: number, running: Running, authorization?: string): Promise<[number, unknown]> {
  for (let waited = 0; ; waited += 100) {
    const headers = authorization === undefined ? {} : { Authorization: authorization }
    const answer = await fetch(`http://localhost:${port}/report`, { headers }).catch(() => undefined)
    if (answer) return [answer.status, await answer.json().catch(() => null)]
    if (running.hasExited() || waited > 60_000) throw new Error(running.output())
    await sleep(100)
  }
}

const NOBODY = `${Buffer.from('{"alg":"HS256"}').toString('base64url')}.${Buffer.from('{"user_id":1,"exp":9e9}').toString('base64url')}.`

/** What each of the services must do with a good token, with none, and with those that nobody signed. */
export async function expectJudgement(
  port: number,
  running: Running,
  token: string,
  forged: readonly string[] = [],
): Promise<void> {
  expect(await report(port, running, `Bearer ${token}`)).toEqual([200, { for: 1_000_000 }])
  expect(await report(port, running, token)).toEqual([200, { for: 1_000_000 }])
  const cut = token.slice(0, -4)
  for (const bad of [undefined, '', 'Bearer ', cut, `${cut}AAAA`, NOBODY, 'a.b.c', `${token}.x`, ...forged]) {
    expect([bad, (await report(port, running, bad))[0]]).toEqual([bad, 401])
  }
}

/** Until the service refuses the token: that it does so is what is tested, how soon is the machine's matter. */
export async function refused(port: number, running: Running, token: string): Promise<void> {
  while ((await report(port, running, token))[0] !== 401) await sleep(200)
}
