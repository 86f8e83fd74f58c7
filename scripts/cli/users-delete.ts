import { deleteUserRow } from '../../src/features/admin/delete.ts'
import { command, onlyArgument } from './command.ts'
import { note, printJson } from './output.ts'
import { confirm } from './prompt.ts'
import { userNamed } from './queries.ts'

export const usersDelete = command({
  name: 'users delete',
  summary: 'Delete a user and everything that belongs to the account',
  usage: '<id or email> [--yes]',
  options: { yes: { type: 'boolean', help: 'do not ask' } },
  async run({ positionals, values }, { withCall, json }) {
    const who = onlyArgument(positionals, 'id or email')
    await withCall(async (call) => {
      const { id, email } = await userNamed(call.env.DB, who)
      if (values.yes !== true) await confirm(`Delete user ${id} (${email}) for ever?`)
      await deleteUserRow(call, id)
      note(`User ${id} (${email}) is deleted.`)
      if (json) printJson({ id, email })
    })
  },
})
