import { config } from '../config.ts'
import type { Html } from '../lib/jsx-runtime.ts'
import { Layout } from './layout.tsx'
import type { PageContext, View } from './view.tsx'

/** The buttons of the features on the pages for strangers. */
export const buttonsOf = (c: PageContext, view: View): (Html | undefined)[] =>
  c.var.registry.features.map(({ entry }) => entry?.buttons?.(view, config(c.env)))

/** The login page: the forms and links of the features, in the order of `src/app.ts`. */
export function loginPage(c: PageContext, view: View, fields?: URLSearchParams): Html {
  const entries = c.var.registry.features.flatMap(({ entry = {} }) => entry)
  const settings = config(c.env)
  return (
    <Layout view={view} title={view.say.signIn}>
      {entries.map(({ form }) => form?.(view, fields, settings))}
      {buttonsOf(c, view)}
      <p class="links">{entries.map(({ link }) => link?.(view, settings))}</p>
    </Layout>
  )
}
