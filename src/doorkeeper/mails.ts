/** Mails in one day. */
export type Mails = { started_at: number; sent: number }

/**
 * Who asks for a code: a stranger, a network or device that signed in before, or a caller who has shown another method
 * in the same sign-in. They are counted apart, so that strangers do not use up the mails of the owner.
 */
export type Asker = 'stranger' | 'known' | 'proven'

/** Verification and reset links to one address. More than this means that someone is flooding the mailbox. */
const MAX_MAILS_PER_DAY = 10
/** Without a password, each sign-in needs a code. */
const MAX_KNOWN_CODES_PER_DAY = 30
const DAY_SECONDS = 86_400

/** The mails of the current day. */
export const today = (mails: Mails | undefined, now: number): Mails =>
  mails && now - mails.started_at < DAY_SECONDS ? mails : { started_at: now, sent: 0 }

/** The part of a state that counts requested mails. */
type Counted = { mails: Mails; codes?: Partial<Record<Asker, Mails>> | undefined }

/**
 * Whether one more mail may be sent to this address today. `asker`: the mail is a code, and this caller asks for it.
 * Codes and links are counted apart, so that a flood of requests for one does not prevent the other.
 */
export function takeMail<S extends Counted>(state: S, now: number, asker?: Asker): { allowed: boolean; state: S } {
  const mails = today(asker === undefined ? state.mails : state.codes?.[asker], now)
  if (mails.sent >= (asker === 'known' ? MAX_KNOWN_CODES_PER_DAY : MAX_MAILS_PER_DAY)) return { allowed: false, state }
  const taken = { ...mails, sent: mails.sent + 1 }
  const counts = asker === undefined ? { mails: taken } : { codes: { ...state.codes, [asker]: taken } }
  return { allowed: true, state: { ...state, ...counts } }
}
