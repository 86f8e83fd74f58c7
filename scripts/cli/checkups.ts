import { checkDatabase } from './check-database.ts'
import { checkMetadata } from './check-metadata.ts'
import { checkConfiguration, checkLocalKeys, checkLocalSettings, checkSecrets, checkTools } from './check-settings.ts'
import { checkUrl } from './check-url.ts'
import type { Context } from './command.ts'
import type { Finding } from './finding.ts'

/** Everything that can be looked at. The network is asked only for `remote`, or a URL. */
export const checkups = async ({ remote, persistTo, now }: Context, url: string | undefined): Promise<Finding[]> => [
  ...checkTools(),
  ...checkConfiguration(),
  ...(remote ? checkSecrets() : [...checkLocalSettings(), ...(await checkLocalKeys())]),
  ...(await checkDatabase(remote, persistTo, now)),
  ...(url === undefined ? [] : [...(await checkUrl(url)), ...(await checkMetadata(url))]),
]
