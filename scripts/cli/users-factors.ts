import type { Factor, Method } from '../../src/core/call.ts'
import { factorsOf } from '../../src/core/users/factors.ts'
import { removeFactors } from '../../src/features/admin/factors.ts'
import { command, onlyArgument, Refusal, UsageError } from './command.ts'
import { allMethods } from './methods.ts'
import { localTime, note, printJson, printTable } from './output.ts'
import { userNamed } from './queries.ts'

export const usersFactors = command({
  name: 'users factors',
  summary: 'List the passkeys, authenticator apps and linked accounts of a user',
  usage: '<id or email>',
  options: {},
  async run({ positionals }, { withCall, json }) {
    const who = onlyArgument(positionals, 'id or email')
    const methods = await allMethods()
    await withCall(async ({ env: { DB: db } }) => {
      const { id, email } = await userNamed(db, who)
      const listed = await factorsOf(db, methods, id)
      if (json) return printJson({ id, email, ...listed })
      const { factors, recovery_codes_left } = listed
      printTable(
        ['factor', 'type', 'name', 'added', 'last used'],
        factors.map((one) => [
          one.id,
          one.type,
          nameOf(one, methods),
          localTime(one.created_at),
          localTime(one.last_used_at),
        ]),
        `User ${id} (${email}) has no second factor.`,
      )
      if (factors.length > 0) note(`${recovery_codes_left} recovery codes are left.`)
    })
  },
})

export const usersFactorsRemove = command({
  name: 'users factors remove',
  summary: 'Remove what a user has lost, end all sessions, and tell the user by mail',
  usage: '<id or email> <factor> | <id or email> --all',
  options: { all: { type: 'boolean', help: 'remove every factor and the recovery codes' } },
  async run({ positionals: [user, factor, ...more], values: { all = false } }, { withCall, json }) {
    const who = onlyArgument([...(user === undefined ? [] : [user]), ...more], 'id or email')
    if (all === (factor !== undefined)) throw new UsageError('Name either one factor, or --all.')
    const methods = await allMethods()
    await withCall(async (call) => {
      const { id, email } = await userNamed(call.env.DB, who)
      const { factors } = await factorsOf(call.env.DB, methods, id)
      const removed = factors.filter((one) => all || one.id === factor)
      if (!all && removed.length === 0) {
        throw new Refusal(`User ${id} (${email}) has no such factor. \`users factors ${email}\` lists them.`)
      }
      await removeFactors(call, { id, factor, methods })
      const names = removed.map((one) => nameOf(one, methods)).join(', ')
      note(`User ${id} (${email}) ${names === '' ? 'had no second factor' : `no longer has: ${names}`}.`)
      if (json) printJson({ id, email, removed: removed.map((one) => one.id) })
    })
  },
})

const nameOf = ({ type, name }: Factor, methods: Method[]): string =>
  name ?? methods.find((method) => method.name === type)?.factors?.label.en ?? type
