import { MAX_ROLES } from '../../src/core/users/roles.ts'
import { adjustRoles, setRoles } from '../../src/features/admin/roles.ts'
import { command, onlyArgument, Refusal, UsageError } from './command.ts'
import { rolesOf } from './create-user.ts'
import { note, printJson } from './output.ts'
import { userNamed } from './queries.ts'

export const usersRoles = command({
  name: 'users roles',
  summary: 'Set, add or remove roles of a user',
  usage: '<id or email> <admin,editor | ""> | --add editor | --remove admin',
  options: {
    add: { type: 'string', help: 'roles to add, separated by commas' },
    remove: { type: 'string', help: 'roles to remove, separated by commas' },
  },
  async run({ positionals: [user, exactly, ...more], values: { add, remove } }, { withCall, json }) {
    const who = onlyArgument([...(user === undefined ? [] : [user]), ...more], 'id or email')
    const relative = add !== undefined || remove !== undefined
    if (relative === (exactly !== undefined)) throw new UsageError('Name either the roles, or --add and --remove.')
    const [given, added, removed] = [exactly, add, remove].map((text) => rolesOf(text ?? ''))
    await withCall(async (call) => {
      const { id, email, roles } = await userNamed(call.env.DB, who)
      if (new Set(relative ? [...roles, ...added!] : given!).size > MAX_ROLES)
        throw new Refusal(`A user has at most ${MAX_ROLES} roles.`)
      if (relative) await adjustRoles(call, { id, add: added!, remove: removed! })
      else await setRoles(call, { id, roles: given! })
      const { roles: list } = await userNamed(call.env.DB, String(id))
      note(`User ${id} (${email}) has ${list.length === 0 ? 'no role' : `the roles ${list.join(', ')}`}.`)
      if (json) printJson({ id, email, roles: list })
    })
  },
})
