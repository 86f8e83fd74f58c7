import { command, noArguments, wholeNumber } from './command.ts'
import { localTime, note, printJson, printTable } from './output.ts'
import { listUsers } from './queries.ts'

const LIMIT = '50'

export const usersList = command({
  name: 'users list',
  summary: 'List users',
  usage: '[--email prefix] [--role admin] [--disabled] [--limit 50]',
  options: {
    email: { type: 'string', help: 'how the address begins' },
    role: { type: 'string', help: 'who has this role' },
    disabled: { type: 'boolean', help: 'who is disabled' },
    limit: { type: 'string', help: `at most so many (${LIMIT})` },
  },
  async run({ positionals, values: { email, role, disabled = false, limit = LIMIT } }, { withDatabase, json }) {
    noArguments(positionals)
    const most = wholeNumber(limit, 'limit', 10_000)
    const found = await withDatabase((db) => listUsers(db, { email, role, disabled, limit: most + 1 }))
    const users = found.slice(0, most)
    if (json) users.forEach(printJson)
    else {
      const rows = users.map((user) => [
        String(user.id),
        user.email,
        user.roles.join(','),
        [user.disabled_at === null ? '' : 'disabled', user.email_verified ? '' : 'unverified']
          .filter(Boolean)
          .join(','),
        localTime(user.created_at),
      ])
      printTable(['id', 'email', 'roles', 'state', 'created'], rows, 'There is no such user.')
    }
    if (found.length > most) note('There are more: --limit shows them.')
  },
})
