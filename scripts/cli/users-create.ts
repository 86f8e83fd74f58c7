import { command, onlyArgument } from './command.ts'
import { addressOf, createUser, rolesOf } from './create-user.ts'
import { note, printJson } from './output.ts'
import { askPassword, passwordOption } from './prompt.ts'

export const usersCreate = command({
  name: 'users create',
  summary: 'Add a user with a confirmed address',
  usage: '<email> [--roles admin,editor] [--unverified] [--password-stdin]',
  options: {
    ...passwordOption,
    roles: { type: 'string', help: 'roles, separated by commas' },
    unverified: { type: 'boolean', help: 'the address still has to be confirmed with a mailed link' },
  },
  async run({ positionals, values }, { withCall, json }) {
    const email = addressOf(onlyArgument(positionals, 'email'))
    const roles = rolesOf(values.roles ?? '')
    const password = await askPassword(values['password-stdin'] === true)
    const person = { email, password, roles, email_verified: values.unverified !== true }
    const id = await withCall((call) => createUser(call, person))
    note(`User ${id} was created.`)
    if (json) printJson({ id, email })
  },
})
