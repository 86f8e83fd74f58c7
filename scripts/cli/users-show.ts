import { command, onlyArgument } from './command.ts'
import { columns, localTime, printJson, printTable, printText } from './output.ts'
import { liveSessions, userNamed } from './queries.ts'

export const usersShow = command({
  name: 'users show',
  summary: 'Show a user and the active sessions',
  usage: '<id or email>',
  options: {},
  async run({ positionals }, { withCall, now, json }) {
    const who = onlyArgument(positionals, 'id or email')
    await withCall(async ({ env: { DB: db } }) => {
      const { hashed_password, password_set_at, ...user } = await userNamed(db, who)
      const sessions = await liveSessions(db, user.id, now)
      const has_password = hashed_password !== null
      if (json) return printJson({ ...user, has_password, password_set_at, sessions })
      printText(
        columns([
          ['id', String(user.id)],
          ['email', `${user.email}${user.email_verified ? '' : ' (not confirmed)'}`],
          ['roles', user.roles.join(',') || '(none)'],
          ['password', has_password ? localTime(password_set_at) || '(imported)' : '(none)'],
          ['created', localTime(user.created_at)],
          ['disabled', localTime(user.disabled_at) || 'no'],
          ['sessions', String(sessions.length)],
        ]),
      )
      if (sessions.length === 0) return
      const rows = sessions.map(({ id, refreshed_at, ip, user_agent }) => [
        id,
        localTime(refreshed_at),
        ip ?? '',
        user_agent ?? '',
      ])
      printText('')
      printTable(['session', 'last used', 'address', 'browser'], rows, '')
    })
  },
})
