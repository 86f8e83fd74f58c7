import { usersPage } from '../../src/features/admin/queries.ts'
import { asciiLower } from '../../src/lib/email.ts'
import { command, noArguments, wholeNumber } from './command.ts'
import { localTime, note, printJson, printTable } from './output.ts'

const LIMIT = '50'

export const usersList = command({
  name: 'users list',
  summary: 'List users',
  usage: '[--email prefix] [--role admin] [--disabled] [--limit 50]',
  options: {
    email: { type: 'string', help: 'the beginning of the address' },
    role: { type: 'string', help: 'only users with this role' },
    disabled: { type: 'boolean', help: 'only disabled users' },
    limit: { type: 'string', help: `the maximum number (${LIMIT})` },
  },
  async run({ positionals, values: { email, role, disabled = false, limit = LIMIT } }, { withCall, json }) {
    noArguments(positionals)
    const most = wholeNumber(limit, 'limit', 10_000)
    const prefix = email === undefined ? undefined : asciiLower(email)
    const { users, next } = await withCall(({ env }) =>
      usersPage(env.DB, { email: prefix, role, disabled, cursor: undefined, limit: most }),
    )
    if (json) users.forEach(({ user_id: id, ...user }) => printJson({ id, ...user }))
    else {
      const rows = users.map((user) => [
        String(user.user_id),
        user.email,
        user.roles.join(','),
        [user.disabled_at === null ? '' : 'disabled', user.email_verified ? '' : 'unverified']
          .filter(Boolean)
          .join(','),
        localTime(user.created_at),
      ])
      printTable(['id', 'email', 'roles', 'state', 'created'], rows, 'There is no such user.')
    }
    if (next !== null) note('There are more: --limit shows them.')
  },
})
