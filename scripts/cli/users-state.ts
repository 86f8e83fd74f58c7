import type { DatabaseCall } from '../../src/core/call.ts'
import { disableUser } from '../../src/features/admin/disable.ts'
import { enableUser } from '../../src/features/admin/enable.ts'
import { endSessionsOf } from '../../src/features/admin/end-sessions.ts'
import { command, type Command, onlyArgument } from './command.ts'
import { note, printJson } from './output.ts'
import { userNamed } from './queries.ts'

type UseCase = (call: DatabaseCall, id: number) => Promise<void>

const onOneUser = (name: string, summary: string, done: string, change: UseCase): Command =>
  command({
    name,
    summary,
    usage: '<id or email>',
    options: {},
    async run({ positionals }, { withCall, json }) {
      const who = onlyArgument(positionals, 'id or email')
      await withCall(async (call) => {
        const { id, email } = await userNamed(call.env.DB, who)
        await change(call, id)
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
