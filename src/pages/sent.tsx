import * as v from 'valibot'
import { type Config, config } from '../config.ts'
import { subkeys } from '../core/keys/subkeys.ts'
import { emailAddress } from '../core/passwords/credentials.ts'
import { seal, unseal } from '../lib/seal.ts'
import { now } from '../lib/time.ts'
import { Onward, type Props, Refusal } from './forms.tsx'
import { Layout } from './layout.tsx'
import { type PageContext, viewOf } from './view.tsx'

/** Seconds. As long as the links in the mails. */
const SENT_SECONDS = 3600

/** The name of the parameter, and what its key is for. */
const SENT = 'sent'

/** What somebody typed into a form that sends a mail, and whether the mail was asked for again. */
export type Sent = { email: string; again: boolean }

/** The address of a page is kept in histories and logs, so what was typed is sealed. */
export async function sealSent(settings: Config, sent: Sent): Promise<string> {
  const [key] = await subkeys(settings, SENT)
  return seal(JSON.stringify({ ...sent, until: now() + SENT_SECONDS }), key, SENT)
}

/** Redirects to the page that says what happens next. It is the same for every address, but for the address that was typed. */
export async function toSent(c: PageContext, fields: URLSearchParams, sent: Sent, done: string): Promise<Response> {
  const { path, returnTo } = viewOf(c, fields)
  const query = new URLSearchParams({
    done,
    [SENT]: await sealSent(config(c.env), sent),
    ...(returnTo !== undefined && { return_to: returnTo }),
  })
  return c.redirect(`${path}?${query.toString()}`, 303)
}

/**
 * What was sealed into the address of that page, or into its form. Anybody may type anything and send that address to somebody
 * else, so no other text than an email address is shown in our name.
 */
export async function sentIn(c: PageContext, fields?: URLSearchParams): Promise<Sent | undefined> {
  const text = viewOf(c, fields).kept[SENT] ?? ''
  if (!/^[\w-]{80,1000}$/.test(text) || text.length % 4 === 1) return undefined
  const json = await unseal(text, await subkeys(config(c.env), SENT), SENT)
  if (json === undefined) return undefined
  const { until, ...sent } = JSON.parse(json) as Sent & { until: number }
  return until > now() && v.is(emailAddress, sent.email) ? sent : undefined
}

/** Shown after a form that sends a mail, whatever the address. `again`: where the form that sends it again is posted. */
export const SentPage = ({ view, sent, again }: Props<{ sent: Sent | undefined; again: string }>) => {
  const { say, done, kept, returnTo } = view
  const told = done && sent?.again ? { ...done, text: `${say.sentAgain} ${done.text}` } : done
  return (
    <Layout view={{ ...view, done: told }} title={say.checkMail}>
      <Refusal view={view} />
      {sent && (
        <p>
          {say.youEntered} <strong>{sent.email}</strong>
        </p>
      )}
      <p>{say.mailHelp}</p>
      {sent && (
        <form method="post" action={again}>
          <input type="hidden" name={SENT} value={kept[SENT]} />
          {returnTo !== undefined && <input type="hidden" name="return_to" value={returnTo} />}
          <button class="quiet" type="submit">
            {say.mailAgain}
          </button>
        </form>
      )}
      <BackToLogin view={view} />
    </Layout>
  )
}

export const BackToLogin = ({ view }: Props) => (
  <p class="links">
    <Onward view={view} to="/login">
      {view.say.signIn}
    </Onward>
  </p>
)
