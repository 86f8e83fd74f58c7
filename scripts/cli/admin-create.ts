import { ADMIN, adjustRoles } from '../../src/core/administration.ts'
import { findUser, hasEmail } from '../../src/core/users.ts'
import { command, onlyArgument, Refusal } from './command.ts'
import { addressOf, createUser } from './create-user.ts'
import { note, printJson } from './output.ts'
import { askPassword, passwordOption } from './prompt.ts'

export const adminCreate = command({
  name: 'admin create',
  summary: 'Make an admin: a new user, or one who is there already',
  usage: '<email> [--password-stdin]',
  options: passwordOption,
  async run({ positionals, values }, { withDatabase, by, now, json }) {
    const email = addressOf(onlyArgument(positionals, 'email'))
    await withDatabase(async (db) => {
      const user = await findUser(db, hasEmail(email))
      if (!user) {
        const password = await askPassword(values['password-stdin'] === true)
        const id = await createUser(db, { email, password, roles: [ADMIN], verified: true }, by, now)
        note(`User ${id} is an admin.`)
        if (json) printJson({ id, email, created: true })
        return
      }
      // Whoever registered an address need not own it, and may know the password.
      if (!user.email_verified)
        throw new Refusal(`User ${user.id} never confirmed this address. Delete the user first.`)
      if (user.disabled_at !== null) throw new Refusal(`User ${user.id} is disabled. Enable the user first.`)
      await adjustRoles(db, user.id, { add: [ADMIN], remove: [] }, by, now)
      note(`User ${user.id} was there already, and is an admin now. The password stays as it is.`)
      if (json) printJson({ id: user.id, email: user.email, created: false })
    })
  },
})
