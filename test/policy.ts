/* What the `features/*.public.ts` say, which test/policy.test.ts reads. */

/** What one account may have compared or mailed. */
export const [GUESSES, MAILS, CODES, CHANGES, ONCE] = [
  'the budgets of its doorkeeper',
  'ten mails a day to an address, counted by its doorkeeper',
  'ten codes a day to an address for strangers, counted by its doorkeeper',
  'ten changes of address a day, counted in the audit trail',
  'what a link, a session or a challenge is good for, once',
]

/**
 * Which limit each network has at a route, and each account. For `confirm` and `admin` the first limit is that of an account,
 * too. `test/faults.test.ts` finds who is missing here.
 */
export type Limited = Record<string, { network: string; account: string[] }>
