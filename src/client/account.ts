/* What the service says of an account. Times are seconds since 1970. */

export type Account = {
  user_id: number
  email: string
  name: string | null
  email_verified: boolean
  roles: string[]
  created_at: number
}

/** A passkey, an authenticator app or the like of the account. `type`: the name of its method. */
export type Factor = { id: string; type: string; name: string | null; created_at: number; last_used_at: number | null }

/** A session. `client_id`, `client`: the application that it belongs to, if any, and its name. `current`: it is the one that asks. */
export type SignedIn = {
  id: string
  created_at: number
  refreshed_at: number
  user_agent: string | null
  ip: string | null
  country: string | null
  client_id: string | null
  client: string | null
  current: boolean
}
