import type { Props } from './forms.tsx'
import { Layout } from './layout.tsx'

/** Shows recovery codes, once, as text to print or to copy. `next`: where to go on. */
export const RecoveryCodesPage = ({ view, codes, next }: Props<{ codes: readonly string[]; next: string }>) => (
  <Layout view={view} title={view.say.recoveryCodes}>
    <p>{view.say.recoveryCodesAre}</p>
    <pre class="codes">{codes.join('\n')}</pre>
    <p class="soft">{view.say.recoveryCodesKeep}</p>
    <p class="links">
      <a href={next}>{view.say.goOn}</a>
    </p>
  </Layout>
)
