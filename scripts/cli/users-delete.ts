import { deleteUser } from '../../src/core/administration.ts'
import { command, onlyArgument } from './command.ts'
import { note, printJson } from './output.ts'
import { confirm } from './prompt.ts'
import { userNamed } from './queries.ts'

export const usersDelete = command({
  name: 'users delete',
  summary: 'Delete a user and all that belongs to the account',
  usage: '<id or email> [--yes]',
  options: { yes: { type: 'boolean', help: 'do not ask' } },
  async run({ positionals, values }, { withDatabase, by, now, json }) {
    const who = onlyArgument(positionals, 'id or email')
    await withDatabase(async (db) => {
      const { id, email } = await userNamed(db, who)
      if (values.yes !== true) await confirm(`Delete user ${id} (${email}) for ever?`)
      await deleteUser(db, id, by, now)
      note(`User ${id} (${email}) is deleted.`)
      if (json) printJson({ id, email })
    })
  },
})
