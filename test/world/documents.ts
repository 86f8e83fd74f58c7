/** Documents about applications, which hosts of strangers serve, and the network between them and the service. */
import { vi } from 'vitest'
import type { App } from './oauth.ts'
import { CALLBACK } from './clients.ts'

let serial = 0
/** An address that no test used before: isolates remember documents. */
export const newAddress = (host = `app${++serial}.example`): string => `https://${host}/app${++serial}.json`

type Answer = () => Response | Promise<Response>

/** The network. Whatever is not served does not answer. `requests`: every request of the service. */
export class Network {
  requests: Request[] = []
  #served = new Map<string, Answer>()
  #spy = vi.spyOn(globalThis, 'fetch')

  constructor() {
    this.#spy.mockImplementation((input, init) => {
      const request = new Request(input as string, init as RequestInit)
      this.requests.push(request)
      const answer = this.#served.get(request.url)
      return answer ? Promise.resolve(answer()) : Promise.reject(new Error('Nobody is there.'))
    })
  }

  /** Gives the network back. */
  close = () => this.#spy.mockRestore()

  /** How often this address was asked for. */
  asked = (url: string): number => this.requests.filter((request) => request.url === url).length

  /** Answers at an address: with this answer, or as a host would that is given a text. */
  serve(url: string, answer: Answer | string, headers: Record<string, string> = {}): void {
    const text = () => new Response(answer as string, { headers: { 'Content-Type': 'application/json', ...headers } })
    this.#served.set(url, typeof answer === 'string' ? text : answer)
  }

  /** An application with a document at an address of its own. */
  publish(said: object = {}, { url = newAddress(), headers = {} }: Published = {}): App {
    const document = { client_id: url, client_name: 'Their App', redirect_uris: [CALLBACK] }
    this.serve(url, JSON.stringify({ ...document, ...said }), headers)
    return { client: { id: url } as App['client'], secret: '' }
  }
}
type Published = { url?: string; headers?: Record<string, string> }
