import { type Context, Hono } from 'hono'
import { config } from '../../config.ts'
import type { Call, SignedInCall } from '../../core/call.ts'
import type { Client } from '../../core/clients/client.ts'
import { issuerOf } from '../../core/keys/signing.ts'
import type { AppEnv } from '../../http/app-env.ts'
import { callOf } from '../../http/call.ts'
import { sessionOfRequest, signedSessionOf } from '../../http/guard.ts'
import { opened, submittedBy } from '../../pages/answer.tsx'
import { toConfirm } from '../../pages/confirm.tsx'
import type { Returns } from '../../pages/return-to.ts'
import { viewOf } from '../../pages/view.tsx'
import { Problem } from '../../problem.ts'
import { newCode } from './code.ts'
import { allow, askConsent, isNewTo } from './consent.tsx'
import { clientAsking, hasDocument } from './documents/client.ts'
import { continueAt, CONTINUES, type Pending, pendingRequest } from './handle.ts'
import { hintIn } from './end-session.ts'
import { endSessionPages } from './end-session-pages.tsx'
import { authorizing } from './inputs.ts'
import { nextStep } from './interaction.ts'
import { toLoginFor } from './login.ts'
import { whenOn } from './on.ts'
import { parametersIn, parametersInBody, type Parameters } from './parameters.ts'
import { isRegistered, withAnswer } from './redirect-uri.ts'
import { Refusal } from './refusal.ts'
import { type AuthorizationRequest, checkRequest } from './request.ts'

/** Marks the page to which a sign-in returns. It needs no guard: without a session, the request says what to do. */
const returnable = Object.assign((_: Context<AppEnv>, next: () => Promise<void>) => next(), {
  returns: CONTINUES,
} satisfies Returns)

/** The authorization endpoint (OpenID Connect Core section 3.1.2), and the page at which its request goes on. */
export const pages = new Hono<AppEnv>()
  .route('/', endSessionPages)
  .get('/oauth/authorize', authorizing.limit, whenOn, (c) =>
    opened(c, () => authorize(c, parametersIn(new URL(c.req.url).searchParams))),
  )
  .post('/oauth/authorize', authorizing.limit, whenOn, (c) =>
    opened(c, async () => authorize(c, await parametersInBody(c.req))),
  )

  .get('/oauth/continue/:handle', authorizing.limit, whenOn, returnable, (c) =>
    opened(c, async () => goOn(c, await pendingRequest(callOf(c), c.req.param('handle')))),
  )
  .post('/oauth/continue/:handle', authorizing.limit, whenOn, (c) =>
    submittedBy(c, async (call, fields) => {
      const pending = await pendingRequest(call, c.req.param('handle'))
      const { client_id, redirect_uri } = pending.request
      const client = await clientAt(c, client_id, redirect_uri)
      if (fields.get('decision') !== 'allow') return answer(c, pending.request, { error: 'access_denied' })
      await allow(call, client, pending.request, fields.get('user_id'))
      return goOn(c, pending, call)
    }),
  )

/**
 * Checks a request, and seals it. Whoever asks is not proved to be a client until both the client and the redirect address
 * are: until then a refusal is shown here, and sent nowhere.
 * @throws Problem 400 `unknown_client`, 400 `unregistered_redirect_uri`
 */
async function authorize(c: Context<AppEnv>, given: Parameters): Promise<Response> {
  const call = callOf(c)
  const redirect_uri = given.get('redirect_uri')
  const client = await clientAt(c, given.get('client_id'), redirect_uri)
  try {
    const request = checkRequest(given, client, redirect_uri!, call)
    const user_id = await hintedUser(call, given.get('id_token_hint'), client)
    const former = (await signedSessionOf(c))?.id
    return c.redirect(await continueAt(call, { ...request, user_id, former }), 303)
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    const { error: code, message } = error
    const to = { redirect_uri: redirect_uri!, state: given.get('state') }
    return refuse(c, client, to, { error: code, error_description: message })
  }
}

/** The user of an id token that this client once had. It may have expired. @throws Refusal */
async function hintedUser(
  call: Call,
  unverifiedToken: string | undefined,
  { id }: Client,
): Promise<number | undefined> {
  if (unverifiedToken === undefined) return undefined
  const hint = await hintIn(call, unverifiedToken)
  if (hint?.client_id !== id) throw new Refusal('invalid_request', 'id_token_hint is not an id token of this client.')
  return hint.user_id
}

async function clientAt(c: Context<AppEnv>, id: string | undefined, redirect_uri: string | undefined): Promise<Client> {
  const client = id === undefined ? undefined : await clientAsking(c, id)
  if (!client) throw new Problem('unknown_client')
  if (redirect_uri === undefined || !isRegistered(redirect_uri, client.redirect_uris))
    throw new Problem('unregistered_redirect_uri')
  return client
}

/** Asks the user for what is missing, or answers the client. `allowed`: the call of a user who has just given the consent. */
async function goOn(c: Context<AppEnv>, { request, ticket }: Pending, allowed?: SignedInCall): Promise<Response> {
  const client = await clientAt(c, request.client_id, request.redirect_uri)
  const session = allowed?.session ?? (await sessionIn(c))
  const { now } = callOf(c)
  const step = nextStep(allowed ? withoutPrompt(request, 'consent') : request, {
    session,
    at: ticket.at,
    now,
    isNew: session !== undefined && (await isNewTo(callOf(c), client, session, request, allowed !== undefined)),
    isThirdParty: client.third_party,
    isConfirmed: c.req.query('done') === 'confirmed',
  })
  const { path } = viewOf(c)
  if (step === 'login') return toLoginFor(c, request, path)
  if (step === 'choose')
    return toLoginFor(c, request, await continueAt(callOf(c), withoutPrompt(request, 'select_account'), ticket))
  if (step === 'confirm') return toConfirm(c, path)
  if (step === 'consent') return askConsent(c, client, session!, request)
  if (step !== undefined) return refuse(c, client, request, { error: step })
  return answer(c, request, { code: await newCode(callOf(c), request, session!) })
}

/** Where two factors are demanded, a session of one is as good as none. */
const sessionIn = (c: Context<AppEnv>) =>
  sessionOfRequest(c).catch((error: unknown) => {
    if (error instanceof Problem && error.code === 'step_up_required') return undefined
    throw error
  })

const withoutPrompt = (request: AuthorizationRequest, done: string): AuthorizationRequest => ({
  ...request,
  prompt: request.prompt.filter((prompt) => prompt !== done),
})

type Asker = Pick<AuthorizationRequest, 'redirect_uri' | 'state'>

/**
 * Sends the user back to the client with an error. Whoever publishes a document chooses where it leads, so nobody is sent
 * there unasked (RFC 9700 section 4.11.2).
 * @throws Problem 422 `invalid_query`
 */
function refuse(c: Context<AppEnv>, client: Client, to: Asker, error: Record<string, string>): Response {
  if (hasDocument(client)) throw new Problem('invalid_query')
  return answer(c, to, error)
}

/** Sends the user back to the client. `iss` shows who answers (RFC 9207). */
function answer(c: Context<AppEnv>, { redirect_uri, state }: Asker, result: Record<string, string>): Response {
  return c.redirect(withAnswer(redirect_uri, { ...result, state, iss: issuerOf(config(c.env)) }), 303)
}
