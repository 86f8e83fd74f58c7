import type { Config } from '../../config.ts'
import type { Call, Method } from '../../core/call.ts'
import type { Proof } from '../../core/proof.ts'
import { type Sql, sql } from '../../lib/sql.ts'
import { providers, providersOn } from './providers/index.ts'
import { proveIdentity, type Shown } from './prove.ts'
import { IDENTITY } from './queries.ts'

const count = (which: Sql): Sql => sql`(SELECT count(*) FROM identities WHERE user_id = users.id AND ${which})`

/** What each provider is called in lists that know no settings. */
const BRANDS = JSON.stringify(
  Object.fromEntries(providers.map(({ name, brand }) => [name, brand({ OIDC_NAME: 'OpenID' }).en])),
)

const isOfOne = (settings: Config): Sql =>
  sql`provider IN (SELECT value FROM json_each(${JSON.stringify(providersOn(settings).map(({ name }) => name))}))`

/** An identity at a provider. It begins a sign-in like a password, and is no factor. A further step begins anew there. */
export const identity = {
  name: IDENTITY,
  kind: 'vouched',
  amr: [],
  isOn: (settings) => providersOn(settings).length > 0,
  ways: count(sql`TRUE`),
  begins: count(sql`TRUE`),
  beginsUnder: (settings) => count(isOfOne(settings)),
  show: (call: Call, shown: Shown): Promise<Proof> => proveIdentity(call, shown),
  factors: {
    label: { en: 'Connected account', ko: '연결된 계정' },
    list: (user_id) =>
      sql`SELECT id, ${BRANDS} ->> provider || iif(email IS NULL, '', ' (' || email || ')') AS name, created_at, last_used_at
        FROM identities WHERE user_id = ${user_id} ORDER BY created_at, id`,
    owners: sql`SELECT user_id FROM identities`,
    remove: (user_id, id) =>
      sql`DELETE FROM identities WHERE user_id = ${user_id} AND id IN (${id ?? sql`id`}) RETURNING id`,
  },
} satisfies Method
