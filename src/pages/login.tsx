import { config } from '../config.ts'
import type { Html } from '../lib/jsx-runtime.ts'
import { Layout } from './layout.tsx'
import type { PageContext, View } from './view.tsx'

/** The login page: the forms and links of the features, in the order of `src/app.ts`. */
export function loginPage(c: PageContext, view: View, fields?: URLSearchParams): Html {
  const entries = c.var.registry.features.flatMap(({ entry = {} }) => entry)
  const settings = config(c.env)
  return (
    <Layout view={view} title={view.say.signIn}>
      {entries.map(({ form }) => form?.(view, fields, settings))}
      <p class="links">{entries.map(({ link }) => link?.(view, settings))}</p>
    </Layout>
  )
}
