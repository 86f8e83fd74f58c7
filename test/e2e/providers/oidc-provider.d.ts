/** What the tests use of `oidc-provider`, which brings no types. */
declare module 'oidc-provider' {
  import type { IncomingMessage, ServerResponse } from 'node:http'

  export type Context = {
    status: number
    method: string
    body: unknown
    oidc?: { route?: string }
    response: { get: (name: string) => string | undefined; set: (name: string, value: string) => void }
  }
  type Grants = { addOIDCScope: (scope: string) => void; save: () => Promise<string> }
  type Granting = {
    oidc: {
      provider: Provider
      client: { clientId: string }
      session: { accountId: string }
      params: { scope: string }
    }
  }
  export type Configuration = Record<string, unknown> & {
    loadExistingGrant: (ctx: Granting) => Promise<Grants>
  }

  export class Provider {
    constructor(issuer: string, configuration: Configuration)
    Grant: new (of: { accountId: string; clientId: string }) => Grants
    Client: { prototype: { compareClientSecret: (actual: string) => boolean | Promise<boolean> } }
    AccessToken: { find: (token: string) => Promise<{ accountId: string } | undefined> }
    use: (middleware: (ctx: Context, next: () => Promise<void>) => Promise<void>) => this
    on: (event: string, listener: (ctx: unknown, error: Error) => void) => this
    callback: () => (request: IncomingMessage, response: ServerResponse) => Promise<void>
    interactionFinished: (request: IncomingMessage, response: ServerResponse, result: object) => Promise<void>
  }
}
