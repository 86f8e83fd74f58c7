import { Field, Form, Home, Keep, Onward, type Props } from '../../pages/forms.tsx'
import { Layout } from '../../pages/layout.tsx'
import { BackToLogin } from '../../pages/sent.tsx'
import type { View } from '../../pages/view.tsx'
import { spelled } from './code.ts'
import { words } from './words.ts'

/** Without the token of the link, which the form would send instead of what is typed. */
function withoutToken({ kept, ...view }: View): View {
  const { token: _token, ...others } = kept
  return { ...view, kept: others }
}

/** Asks for the address. */
export const AskPage = ({ view, email }: Props<{ email?: string | null | undefined }>) => {
  const say = words[view.language]
  return (
    <Layout view={view} title={say.byCode}>
      <p>{say.askHow}</p>
      <Form view={withoutToken(view)} action="/login/code" submit={say.send}>
        <Field view={view} name="email" autocomplete="username" value={email ?? undefined} focus />
      </Form>
      <BackToLogin view={view} />
    </Layout>
  )
}

/** Asks for the code. `address`: where it was mailed, if this browser typed it. */
export const EnterPage = ({ view, address }: Props<{ address: string | undefined }>) => {
  const say = words[view.language]
  return (
    <Layout view={view} title={say.enter}>
      <p>{address === undefined ? say.sentToYou : say.sentTo(address)}</p>
      <Form view={withoutToken(view)} action="/login/code/verify" submit={view.say.signIn}>
        <Field view={view} name="code" autocomplete="one-time-code" focus />
        <Keep view={view} />
      </Form>
      <div class="links">
        <form method="post" action="/login/code">
          {view.returnTo !== undefined && <input type="hidden" name="return_to" value={view.returnTo} />}
          <button class="quiet" type="submit" name="again" value="yes">
            {say.sendAgain}
          </button>
        </form>
        <Onward view={view} to="/login/code">
          {say.otherAddress}
        </Onward>
      </div>
    </Layout>
  )
}

/** What the link shows in the browser that asked for the code. */
export const HerePage = ({ view }: Props) => {
  const say = words[view.language]
  return (
    <Layout view={view} title={view.say.signIn}>
      <p>{say.linkHere}</p>
      <Form view={view} action="/login/code/verify" submit={view.say.signIn}>
        <Keep view={view} />
      </Form>
    </Layout>
  )
}

/** What the link shows in any other browser. */
export const ShownPage = ({ view, code }: Props<{ code: string }>) => {
  const say = words[view.language]
  return (
    <Layout view={view} title={say.yourCode}>
      <p>{say.linkElsewhere}</p>
      <p class="secret">
        <strong>{spelled(code)}</strong>
      </p>
      <p>{say.neverPassOn}</p>
      <BackToLogin view={view} />
    </Layout>
  )
}

/** What a link shows that has expired, or that nobody mailed. */
export const OverPage = ({ view }: Props) => {
  const say = words[view.language]
  return (
    <Layout view={view} title={say.over}>
      <p>{say.overHow}</p>
      <p class="links">
        <a href="/login/code">{say.byCode}</a>
        <Home view={view} />
      </p>
    </Layout>
  )
}
