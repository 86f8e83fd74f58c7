import * as v from 'valibot'
import type { Call } from '../../core/call.ts'
import { batch } from '../../core/d1.ts'
import { auditRow } from '../../core/events/audit.ts'
import { emailAddress } from '../../core/passwords/credentials.ts'
import type { Proof } from '../../core/proof.ts'
import { type CountedUser, findUser, hasEmail } from '../../core/users/users.ts'
import { canonicalEmail } from '../../lib/email.ts'
import { Problem } from '../../problem.ts'
import { prove } from '../../signing-in/prove.ts'
import { adopt, askToConfirm, confirmAddress } from './owner.ts'
import type { Profile, ProviderName } from './providers/provider.ts'
import { findByIdentity, IDENTITY, noteUse } from './queries.ts'

/**
 * A verified profile. `token`: of the mailed link that led to the provider. `device_token`: what the browser keeps. `mayMail`:
 * throws if this network causes too many mails.
 */
export type Shown = {
  provider: ProviderName
  profile: Profile
  token?: string | undefined
  device_token?: string | undefined
  mayMail: () => Promise<void>
  spends: Proof['spends']
}

/**
 * Proves who a person is by their identity at a provider. An identity that is new here gets an account if there is one for
 * it (`adopt`, `askToConfirm`). It never signs in to an account because of an address that the provider merely states.
 * @throws Problem 403 `account_disabled`, `email_not_verified`, `registration_closed` or `identity_without_email`, 409
 * `identity_not_linked`, 429 `too_many_attempts`, 503 `unavailable`
 */
export async function proveIdentity(call: Call, { device_token, spends, ...shown }: Shown): Promise<Proof> {
  const user = await ownerOf(call, shown)
  if (user.disabled_at !== null) throw await disabled(call, user)
  const alongside: Proof['alongside'] = (mine) => [noteUse(call, shown.profile, mine)]
  return prove(call, { user, methods: [IDENTITY], spends, alongside, device_shown: device_token })
}

async function ownerOf(
  call: Call,
  { provider, profile, token, mayMail }: Omit<Shown, 'device_token' | 'spends'>,
): Promise<CountedUser> {
  const user = await findByIdentity(call, profile)
  if (user && (user.email_verified || user.disabled_at !== null)) return user
  const stated = addressOf(profile)
  const email = user ? canonicalEmail(user.email) : stated
  if (email === undefined) throw new Problem('identity_without_email')
  if (profile.vouched && stated === email) await adopt(call, { provider, profile, email })
  else if (user && token !== undefined) await confirmAddress(call, { provider, profile }, { user_id: user.id, token })
  else if (!user && call.settings.REGISTRATION === 'closed') throw new Problem('identity_not_linked')
  const owner = await findByIdentity(call, profile)
  if (owner?.email_verified) return owner
  if (profile.vouched && !owner) throw await refusal(call, email)
  await mayMail()
  await askToConfirm(call, { provider, profile, email })
  throw new Problem('email_not_verified')
}

/** The address in a profile, if an account can have it. */
function addressOf({ email }: Profile): string | undefined {
  const address = v.safeParse(emailAddress, email)
  return address.success ? canonicalEmail(address.output) : undefined
}

async function disabled(call: Call, { id }: CountedUser): Promise<Problem> {
  await batch(call.env.DB, [auditRow(call, { event: 'login_failed', reason: 'account_disabled', user_id: id })])
  return new Problem('account_disabled')
}

/** Why an identity got no account. Its provider vouches for the address, so its owner may know. */
async function refusal(call: Call, email: string): Promise<Problem> {
  const user = await findUser(call.env.DB, hasEmail(email), call.registry.methods)
  if (!user && call.settings.REGISTRATION === 'closed') return new Problem('registration_closed')
  return user && user.disabled_at !== null ? disabled(call, user) : new Problem('identity_not_linked')
}
