import { execFile } from 'node:child_process'
import { existsSync, writeFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { BENCH } from './bundle.ts'

/** Requests as they go over the wire, sent in turn, from the first again after the last. */
export type Feed = { requests: string[]; file: string; next: number }

/** What came of it. `p50` and `p90` are latencies in milliseconds. */
export type Shot = { requests: number; seconds: number; p50: number; p90: number }

const WRK = '/usr/bin/wrk'
export const hasWrk = existsSync(WRK)

const SEPARATOR = '\0'

export function feed(requests: string[], folder: string): Feed {
  const file = join(folder, `${crypto.randomUUID()}.requests`)
  writeFileSync(file, requests.join(SEPARATOR))
  return { requests, file, next: 0 }
}

/** One request of HTTP/1.1. A body is JSON. */
export function request(method: string, path: string, headers: Record<string, string>, json?: object): string {
  const body = json === undefined ? '' : JSON.stringify(json)
  const all = { Host: '127.0.0.1', ...headers, ...(json && { 'Content-Type': 'application/json' }) }
  const lines = Object.entries({ ...all, 'Content-Length': String(body.length) }).map(
    ([name, value]) => `${name}: ${value}`,
  )
  return [`${method} ${path} HTTP/1.1`, ...lines, '', body].join('\r\n')
}

/**
 * Keeps a server busy for whole seconds. Each call goes on in the feed where the last one stopped.
 * @throws Error when any answer was not 2xx
 */
export async function busy(port: number, feed: Feed, seconds: number, connections: number): Promise<Shot> {
  const shot = hasWrk
    ? await wrk(port, feed, seconds, connections)
    : await send(port, feed, { connections, until: performance.now() + seconds * 1000, count: Infinity })
  feed.next = (feed.next + shot.requests + 2 * connections) % feed.requests.length // some were sent and not counted
  return shot
}

/** Sends exactly so many requests and waits for every answer. */
export async function times(port: number, feed: Feed, count: number, connections: number): Promise<Shot> {
  const shot = await send(port, feed, { connections, until: Infinity, count })
  feed.next = (feed.next + count) % feed.requests.length
  return shot
}

async function wrk(port: number, { file, next }: Feed, seconds: number, connections: number): Promise<Shot> {
  const options = ['--threads', '1', '--connections', String(connections), '--duration', `${seconds}s`]
  const script = ['--script', join(BENCH, 'wrk.lua'), `http://127.0.0.1:${port}`, '--', file, String(next)]
  const { stdout } = await promisify(execFile)(WRK, [...options, ...script])
  const { errors, ...shot } = JSON.parse(stdout.slice(stdout.lastIndexOf('\n{'))) as Shot & { errors: number }
  if (errors > 0 || shot.requests === 0) throw new Error(`${errors} of ${shot.requests} requests failed`)
  return shot
}

type Limit = { connections: number; until: number; count: number }

/** Keep-alive over plain sockets, for whoever has no wrk and for what is counted out. Knows no chunked answers. */
async function send(port: number, feed: Feed, { connections, until, count }: Limit): Promise<Shot> {
  const start = performance.now()
  const latencies: number[] = []
  let sent = 0
  const work = async () => {
    let socket: Socket | undefined
    while (sent < count && performance.now() < until) {
      const text = feed.requests[(feed.next + sent++) % feed.requests.length]!
      const asked = performance.now()
      if (!socket || socket.destroyed) socket = connect({ port, host: '127.0.0.1', noDelay: true })
      const answer = await answerTo(socket, text)
      if (answer.status >= 300) throw new Error(`an answer was ${answer.status}`)
      latencies.push(performance.now() - asked)
      if (answer.closes) socket.destroy()
    }
    socket?.destroy()
  }
  await Promise.all(Array.from({ length: connections }, work))
  const seconds = (performance.now() - start) / 1000
  latencies.sort((a, b) => a - b)
  const part = (share: number) => latencies[Math.floor((latencies.length - 1) * share)]!
  return { requests: latencies.length, seconds, p50: part(0.5), p90: part(0.9) }
}

function answerTo(socket: Socket, text: string): Promise<{ status: number; closes: boolean }> {
  return new Promise((resolve, reject) => {
    let seen = ''
    const done = (outcome: () => void) => {
      socket.removeAllListeners()
      outcome()
    }
    socket.on('error', (error) => done(() => reject(error)))
    socket.on('close', () => done(() => reject(new Error('the connection was closed'))))
    socket.on('data', (chunk) => {
      seen += chunk.toString('latin1')
      const head = seen.indexOf('\r\n\r\n')
      if (head < 0) return
      const length = Number(/\r\ncontent-length: (\d+)/i.exec(seen)?.[1] ?? 0)
      if (seen.length < head + 4 + length) return
      const closes = /\r\nconnection: close/i.test(seen.slice(0, head + 2))
      done(() => resolve({ status: Number(seen.slice(9, 12)), closes }))
    })
    socket.write(text)
  })
}
