import { randomText, sha256, utf8 } from '../../lib/bytes.ts'
import { equal } from '../passwords/hashes/equal.ts'

/** An application that people sign in to with their account here. */
export type Client = {
  id: string
  name: string
  /** Null: a public client, which can keep no secret. */
  secret_hash: string | null
  redirect_uris: string[]
  post_logout_redirect_uris: string[]
  backchannel_logout_uri: string | null
  /** Not the operator's own, so people are asked for their consent. */
  third_party: boolean
  /** What it may ask for, separated by spaces. */
  scope: string
  /** The audiences (RFC 8707) that it may have tokens for. */
  resources: string[]
  id_token_alg: 'RS256' | 'ES256'
  /** False for an old library without PKCE. Such a client must send a nonce. */
  pkce: boolean
  /** Whether it may have tokens of its own (`client_credentials`). */
  credentials: boolean
  created_at: number
  /** When its document was fetched, if its id is the address of one. Null: it is registered. Seconds. */
  fetched_at: number | null
  /** Until when that document is good. */
  fresh_until: number | null
}

export type ClientRow = Omit<
  Client,
  'redirect_uris' | 'post_logout_redirect_uris' | 'resources' | 'third_party' | 'pkce' | 'credentials'
> & {
  redirect_uris: string
  post_logout_redirect_uris: string
  resources: string
  third_party: number
  pkce: number
  credentials: number
}

/** The client in a row. */
export const clientIn = (row: ClientRow): Client => ({
  ...row,
  redirect_uris: JSON.parse(row.redirect_uris) as string[],
  post_logout_redirect_uris: JSON.parse(row.post_logout_redirect_uris) as string[],
  resources: JSON.parse(row.resources) as string[],
  third_party: row.third_party === 1,
  pkce: row.pkce === 1,
  credentials: row.credentials === 1,
})

/** Clients encode other characters in different ways (RFC 6749 section 2.3.1). 5.95 bits each. */
const LETTERS_AND_DIGITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'

/** 142 bits. Ids are no secrets; nobody ever has the same one. */
export const newClientId = (): string => randomText(LETTERS_AND_DIGITS, 24)

/** A secret of 256 bits, and its hash. A fast hash is enough for a random text of this length. */
export async function newClientSecret(): Promise<{ secret: string; hash: string }> {
  const secret = randomText(LETTERS_AND_DIGITS, 43)
  return { secret, hash: await sha256(secret) }
}

/** Whether this is the client's secret, in a time that reveals nothing about it. A public client has none. */
export const isSecretOf = async ({ secret_hash }: Pick<Client, 'secret_hash'>, secret: string): Promise<boolean> =>
  secret_hash !== null && equal(utf8(await sha256(secret)), utf8(secret_hash))

/** A client as administrators see it. The hash of its secret stays here. */
export const listedClient = ({ id: client_id, secret_hash, ...client }: Client) => ({
  client_id,
  ...client,
  public: secret_hash === null,
})
