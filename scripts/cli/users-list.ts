import { type ListedUser, usersPage } from '../../src/features/admin/user-queries.ts'
import { canonicalEmail } from '../../src/lib/email.ts'
import { command, noArguments, wholeNumber } from './command.ts'
import { localTime, note, printJson, printTable } from './output.ts'

const LIMIT = '50'

export const usersList = command({
  name: 'users list',
  summary: 'List users',
  usage: '[--email prefix | @domain] [--role admin] [--disabled] [--unverified] [--invited] [--limit 50]',
  options: {
    email: { type: 'string', help: 'the beginning of the address, or its domain, as @example.com' },
    role: { type: 'string', help: 'only users with this role' },
    disabled: { type: 'boolean', help: 'only disabled users' },
    unverified: { type: 'boolean', help: 'only users whose address is not confirmed' },
    invited: { type: 'boolean', help: 'only users who were invited and have not accepted' },
    limit: { type: 'string', help: `the maximum number (${LIMIT})` },
  },
  async run({ positionals, values: { email, limit = LIMIT, ...filter } }, { withCall, now, json }) {
    noArguments(positionals)
    const most = wholeNumber(limit, 'limit', 10_000)
    const begins = email === undefined ? undefined : canonicalEmail(email)
    const { users, next } = await withCall(({ env }) =>
      usersPage(env.DB, { ...filter, email: begins, factor: undefined, cursor: undefined, limit: most }, []),
    )
    if (json) users.forEach(({ user_id: id, ...user }) => printJson({ id, ...user }))
    else {
      const rows = users.map((user) => [
        String(user.user_id),
        user.email,
        user.roles.join(','),
        statesOf(user, now).join(','),
        localTime(user.created_at),
        localTime(user.last_login_at),
      ])
      printTable(['id', 'email', 'roles', 'state', 'created', 'last sign-in'], rows, 'There is no such user.')
    }
    if (next !== null) note('There are more: --limit shows them.')
  },
})

const statesOf = ({ disabled_at, email_verified, invited_until }: ListedUser, now: number): string[] => [
  ...(disabled_at === null ? [] : ['disabled']),
  ...(email_verified ? [] : ['unverified']),
  ...(invited_until === null ? [] : [invited_until > now ? 'invited' : 'invitation expired']),
]
