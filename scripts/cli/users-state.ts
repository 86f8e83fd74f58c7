import { disableUser, enableUser, endSessionsOf } from '../../src/core/administration.ts'
import type { Client } from '../../src/core/audit.ts'
import { command, type Command, onlyArgument } from './command.ts'
import { note, printJson } from './output.ts'
import { userNamed } from './queries.ts'

type UseCase = (db: D1Database, id: number, by: Client, now: number) => Promise<unknown>

const onOneUser = (name: string, summary: string, done: string, change: UseCase): Command =>
  command({
    name,
    summary,
    usage: '<id or email>',
    options: {},
    async run({ positionals }, { withDatabase, by, now, json }) {
      const who = onlyArgument(positionals, 'id or email')
      await withDatabase(async (db) => {
        const { id, email } = await userNamed(db, who)
        await change(db, id, by, now)
        note(`User ${id} (${email}) ${done}.`)
        if (json) printJson({ id, email })
      })
    },
  })

export const usersDisable = onOneUser(
  'users disable',
  'Keep a user from signing in, and end all sessions',
  'is disabled',
  disableUser,
)

export const usersEnable = onOneUser('users enable', 'Let a user sign in again', 'is enabled', enableUser)

export const usersRevoke = onOneUser(
  'users revoke',
  'End all sessions of a user',
  'is signed out everywhere',
  endSessionsOf,
)
