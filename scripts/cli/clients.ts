import * as v from 'valibot'
import type { DatabaseCall } from '../../src/core/call.ts'
import { type Client, listedClient } from '../../src/core/clients/client.ts'
import {
  allClients,
  createClient,
  deleteClient,
  findClient,
  rotateClientSecret,
} from '../../src/core/clients/clients.ts'
import { DEFAULT_SCOPE, registration } from '../../src/core/clients/registration.ts'
import { Problem } from '../../src/problem.ts'
import { command, noArguments, onlyArgument, Refusal } from './command.ts'
import { columns, localTime, note, printJson, printTable, printText } from './output.ts'
import { confirm } from './prompt.ts'

export const clientsCreate = command({
  name: 'clients create',
  summary: 'Register an application that people sign in to',
  usage: '<name> --redirect-uri <address> [--redirect-uri ...] [--public] [--third-party]',
  options: {
    'redirect-uri': { type: 'string', multiple: true, help: 'an exact address that answers are sent to' },
    'post-logout-redirect-uri': { type: 'string', multiple: true, help: 'an exact address to go to after signing out' },
    'backchannel-logout-uri': { type: 'string', help: 'where the application is told that a user signed out' },
    public: { type: 'boolean', help: 'it runs in a browser or on a phone, and can keep no secret' },
    'third-party': { type: 'boolean', help: 'it is not your own: users are asked for their consent' },
    scope: { type: 'string', help: `what it may ask for ("${DEFAULT_SCOPE}")` },
    resource: { type: 'string', multiple: true, help: 'an API that it may have access tokens for' },
    'id-token-alg': { type: 'string', help: 'RS256 or ES256 (RS256)' },
    'no-pkce': { type: 'boolean', help: 'its library cannot do PKCE; it must send a nonce' },
    credentials: { type: 'boolean', help: 'it may have tokens of its own (client_credentials)' },
  },
  async run({ positionals, values }, { withCall, json }) {
    const given = checked({
      name: onlyArgument(positionals, 'name'),
      redirect_uris: values['redirect-uri'],
      post_logout_redirect_uris: values['post-logout-redirect-uri'],
      backchannel_logout_uri: values['backchannel-logout-uri'],
      public: values.public,
      third_party: values['third-party'],
      scope: values.scope,
      resources: values.resource,
      id_token_alg: values['id-token-alg'],
      pkce: values['no-pkce'] !== true,
      credentials: values.credentials,
    })
    const { client, secret } = await withCall((call) => createClient(call, given))
    note(`${client.name} is registered.${secret === undefined ? '' : ' The secret is shown only now.'}`)
    if (json) return printJson({ ...listedClient(client), client_secret: secret })
    printText(columns([['client_id', client.id], ...(secret === undefined ? [] : [['client_secret', secret]])]))
  },
})

export const clientsList = command({
  name: 'clients list',
  summary: 'List the registered applications',
  usage: '',
  options: {},
  async run({ positionals }, { withCall, json }) {
    noArguments(positionals)
    const clients = await withCall(({ env }) => allClients(env.DB))
    if (json) return clients.forEach((client) => printJson(listedClient(client)))
    const rows = clients.map((client) => [client.id, client.name, kindOf(client), localTime(client.created_at)])
    printTable(['client_id', 'name', 'kind', 'created'], rows, 'No application is registered.')
  },
})

export const clientsShow = command({
  name: 'clients show',
  summary: 'Show an application',
  usage: '<client_id>',
  options: {},
  async run({ positionals }, { withCall, json }) {
    const id = onlyArgument(positionals, 'client_id')
    const client = listedClient(await withCall((call) => clientNamed(call, id)))
    if (json) return printJson(client)
    const text = (value: string | boolean | string[] | null) => [value ?? ''].flat().join('\n')
    const rows = Object.entries({
      ...client,
      created_at: localTime(client.created_at),
      fetched_at: client.fetched_at === null ? null : localTime(client.fetched_at),
      fresh_until: client.fresh_until === null ? null : localTime(client.fresh_until),
    })
    printText(
      columns(
        rows.flatMap(([name, value]) =>
          text(value)
            .split('\n')
            .map((line, i) => [i === 0 ? name : '', line]),
        ),
      ),
    )
  },
})

export const clientsRotateSecret = command({
  name: 'clients rotate-secret',
  summary: 'Give an application another secret; the old one is refused at once',
  usage: '<client_id>',
  options: {},
  async run({ positionals }, { withCall, json }) {
    const id = onlyArgument(positionals, 'client_id')
    const secret = await withCall(async (call) => {
      const { secret_hash } = await clientNamed(call, id)
      if (secret_hash === null) throw new Refusal('This application is public, and has no secret.')
      return (await rotateClientSecret(call, id)).secret
    })
    note('The secret is shown only now.')
    if (json) printJson({ client_id: id, client_secret: secret })
    else printText(secret)
  },
})

export const clientsDelete = command({
  name: 'clients delete',
  summary: 'Delete an application, and end the sessions that people have with it',
  usage: '<client_id> [--yes]',
  options: { yes: { type: 'boolean', help: 'do not ask' } },
  async run({ positionals, values }, { withCall, json }) {
    const id = onlyArgument(positionals, 'client_id')
    await withCall(async (call) => {
      const { name } = await clientNamed(call, id)
      if (values.yes !== true) await confirm(`Delete ${name} for ever?`)
      await deleteClient(call, id)
      note(`${name} is deleted.`)
      if (json) printJson({ client_id: id, name })
    })
  },
})

const kindOf = ({ secret_hash, third_party, fetched_at }: Client): string =>
  [secret_hash === null && 'public', third_party && 'third party', fetched_at !== null && 'by its document']
    .filter(Boolean)
    .join(', ')

/** @throws Refusal */
async function clientNamed({ env }: DatabaseCall, id: string): Promise<Client> {
  const client = await findClient(env.DB, id)
  if (!client) throw new Refusal('There is no such application. `clients list` shows all.')
  return client
}

/** @throws Problem 422 `invalid_body`, with the name of the option */
function checked(given: Record<string, unknown>) {
  const result = v.safeParse(registration, given)
  if (result.success) return result.output
  const errors = result.issues.map((issue) => ({ field: String(issue.path?.[0]?.key), code: issue.message }))
  throw new Problem('invalid_body', { errors })
}
