import { ADMIN } from '../../src/core/users/roles.ts'
import { findUser, hasEmail } from '../../src/core/users/users.ts'
import { adjustRoles } from '../../src/features/admin/roles.ts'
import { command, onlyArgument, Refusal } from './command.ts'
import { addressOf, createUser } from './create-user.ts'
import { note, printJson } from './output.ts'
import { askPassword, passwordOption } from './prompt.ts'

export const adminCreate = command({
  name: 'admin create',
  summary: 'Create an admin, or make an existing user one',
  usage: '<email> [--password-stdin]',
  options: passwordOption,
  async run({ positionals, values }, { withCall, json }) {
    const email = addressOf(onlyArgument(positionals, 'email'))
    await withCall(async (call) => {
      const user = await findUser(call.env.DB, hasEmail(email))
      if (!user) {
        const password = await askPassword(values['password-stdin'] === true)
        const id = await createUser(call, { email, password, roles: [ADMIN], email_verified: true })
        note(`User ${id} is an admin.`)
        if (json) printJson({ id, email, created: true })
        return
      }
      // Whoever registered an address need not own it, and may know the password.
      if (!user.email_verified)
        throw new Refusal(`User ${user.id} never confirmed this address. Delete the user first.`)
      if (user.disabled_at !== null) throw new Refusal(`User ${user.id} is disabled. Enable the user first.`)
      await adjustRoles(call, { id: user.id, add: [ADMIN], remove: [] })
      note(`User ${user.id} was there already, and is an admin now. The password stays as it is.`)
      if (json) printJson({ id: user.id, email: user.email, created: false })
    })
  },
})
