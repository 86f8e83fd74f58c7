/** Users of their own for a test, and the app on their phone. */
import { execFileSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { expect } from 'vitest'
import { latchkey } from './cli.ts'
import { skipWithout } from './service.ts'

export const PASSWORD = 'four quiet herons stand'

const oathtool = (...args: string[]): string => execFileSync('oathtool', args, { encoding: 'utf8' }).trim()

/** The code of the step that many seconds from now. Every one works once, so each test begins with an early one. */
export const codeIn = (secret: string, seconds: number): string =>
  oathtool('--totp', '--base32', '--now', `@${Math.floor(Date.now() / 1000) + seconds}`, secret)

export const withoutOathtool = (): boolean => skipWithout('oathtool', () => oathtool('--version'))

/** A user with `PASSWORD`, whose address is returned. */
export async function person(persistTo: string): Promise<string> {
  const email = `${randomUUID()}@example.com`
  const made = await latchkey(
    ['users', 'create', email, '--password-stdin', '--persist-to', persistTo],
    `${PASSWORD}\n`,
  )
  expect(`${made.code} ${made.stderr}`).toMatch(/^0 /)
  return email
}

export const post = (url: string, path: string, body?: object, token?: string): Promise<Response> =>
  fetch(url + path, {
    method: 'POST',
    headers: {
      ...(body && { 'Content-Type': 'application/json' }),
      ...(token !== undefined && { Authorization: `Bearer ${token}` }),
    },
    ...(body && { body: JSON.stringify(body) }),
  })

const json = async <T>(answer: Promise<Response>): Promise<T> => (await (await answer).json()) as T

/** Enrols an app with the code of the step before this one. */
export async function enrolled(url: string, email: string): Promise<string> {
  const { access_token: token } = await json<{ access_token: string }>(
    post(url, '/user/login', { email, password: PASSWORD }),
  )
  const { secret } = await json<{ secret: string }>(post(url, '/user/totp', undefined, token))
  expect((await post(url, '/user/totp/confirm', { code: codeIn(secret, -30) }, token)).status).toBe(200)
  return secret
}
