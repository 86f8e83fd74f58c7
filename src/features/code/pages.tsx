import { type Context, Hono } from 'hono'
import { config } from '../../config.ts'
import type { Ticket } from '../../core/ticket.ts'
import type { AppEnv } from '../../http/app-env.ts'
import { check, typed } from '../../http/body.ts'
import { callOf } from '../../http/call.ts'
import { signedSessionOf } from '../../http/guard.ts'
import { limitedForm, type Refused, submitted } from '../../pages/answer.tsx'
import { stepAgain } from '../../pages/second-step.tsx'
import { type PageContext, pageOf, viewOf } from '../../pages/view.tsx'
import { Problem } from '../../problem.ts'
import { completeSignIn, shownDevice } from '../../signing-in/browser.ts'
import { signIn, ticketIn } from '../../signing-in/finish.ts'
import { askForCode } from './ask.ts'
import { dropTicket, keepTicket, keptTicket } from './browser.ts'
import { addressIn, type Link, readLink } from './code.ts'
import { asking, entering, verifying } from './inputs.ts'
import { isOn } from './is-on.ts'
import { code } from './method.ts'
import { AskPage, EnterPage, HerePage, OverPage, ShownPage } from './views.tsx'

/**
 * The form that asks for a code, and the form that it is entered in. A mailed link leads to the second. It changes nothing
 * until its button is pressed, and only in the browser that has the ticket in its cookie is there a button.
 */
export const pages = new Hono<AppEnv>()
  .get('/login/code', (c) => {
    if (!isOn(config(c.env))) throw new Problem('not_found')
    return pageOf(c, (view) => <AskPage view={view} />)
  })

  .post('/login/code', limitedForm(asking.limit, askAgain), (c) =>
    submitted(
      c,
      async (fields) => {
        const [ticket, again] = [fields.get('ticket'), fields.has('again')]
        const before = ticket === null ? again && (await keptTicket(c)) : await ticketIn(callOf(c), ticket)
        if (again && !before) throw new Problem('invalid_ticket')
        const asked = before ? {} : check(asking.input, { email: fields.get('email') ?? '' })
        keepTicket(c, await askForCode(callOf(c), { ...asked, device_token: shownDevice(c) }, before || undefined))
        return c.redirect(verifyPage(c, fields), 303)
      },
      askAgain(c),
    ),
  )

  .get('/login/code/verify', async (c) => {
    const ticket = await keptTicket(c)
    if (viewOf(c).kept.token !== undefined) return linkPage(c, await linkIn(c), ticket)
    if (!ticket) return c.redirect('/login/code', 303)
    const address = await addressOf(c, ticket)
    return pageOf(c, (view) => <EnterPage view={view} address={address} />)
  })

  .post('/login/code/verify', verifying.limit, (c) => {
    let address: string | undefined
    return submitted(
      c,
      async (fields) => {
        const ticket = await keptTicket(c)
        const link = fields.has('token') ? await linkIn(c, fields) : undefined
        if (fields.has('token') && (!link || link.id !== ticket?.id)) return linkPage(c, link, ticket)
        if (!ticket) throw new Problem('invalid_ticket')
        address = await addressOf(c, ticket)
        const input = link ?? typed(entering, fields)
        const signedIn = await signIn(callOf(c), code, { input, ticket, instead: await signedSessionOf(c) })
        dropTicket(c)
        return completeSignIn(c, fields, signedIn)
      },
      (view) =>
        view.problem?.code === 'invalid_ticket' ? <AskPage view={view} /> : <EnterPage view={view} address={address} />,
    )
  })

/** The page of the form that was refused: of the address, of a step, or of the code that is asked for again. */
function askAgain(c: PageContext): Refused {
  return async (view, fields) => {
    if (fields?.has('ticket')) return stepAgain(c)(view, fields)
    const ticket = fields?.has('again') ? await keptTicket(c) : undefined
    return ticket ? (
      <EnterPage view={view} address={await addressOf(c, ticket)} />
    ) : (
      <AskPage view={view} email={fields?.get('email')} />
    )
  }
}

/** The address that was typed. Who began with another method may not know the address of the account. */
const addressOf = async (c: PageContext, ticket: Ticket): Promise<string | undefined> =>
  ticket.user ? undefined : addressIn(config(c.env), ticket)

/** What the token says that the address or the form has. */
const linkIn = (c: Context<AppEnv>, fields?: URLSearchParams): Promise<Link | undefined> =>
  readLink(config(c.env), viewOf(c, fields).kept['token'] ?? '', callOf(c).now)

/** What a mailed link shows: a button in the browser that asked for the code, and in any other the code itself. */
function linkPage(c: Context<AppEnv>, link: Link | undefined, ticket: Ticket | undefined): Promise<Response> {
  return pageOf(c, (view) => {
    if (!link) return <OverPage view={view} />
    return link.id === ticket?.id ? <HerePage view={view} /> : <ShownPage view={view} code={link.code} />
  })
}

function verifyPage(c: Context<AppEnv>, fields: URLSearchParams): string {
  const { returnTo, keeps } = viewOf(c, fields)
  const query = new URLSearchParams({
    ...(returnTo !== undefined && { return_to: returnTo }),
    ...(fields.has('again') && { done: 'code_again' }),
    ...(fields.has('keep') && { keep: keeps ? 'on' : 'off' }), // as chosen at the first step
  }).toString()
  return `/login/code/verify${query && `?${query}`}`
}
