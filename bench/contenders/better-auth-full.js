import { oauthProvider } from '@better-auth/oauth-provider'
import { passkey } from '@better-auth/passkey'
import { admin, captcha, emailOTP, genericOAuth, haveIBeenPwned, jwt, magicLink, twoFactor } from 'better-auth/plugins'
import { betterAuthWorker } from './better-auth-worker.js'

const mailed = () => Promise.resolve()

/** better-auth with the plugins for what Latchkey has: for its start and its weight, no request of theirs is measured. */
export default betterAuthWorker([
  admin(),
  captcha({ provider: 'cloudflare-turnstile', secretKey: 'of-nobody' }),
  emailOTP({ sendVerificationOTP: mailed }),
  genericOAuth({ config: [] }),
  haveIBeenPwned(),
  jwt(),
  magicLink({ sendMagicLink: mailed }),
  oauthProvider({ loginPage: '/login', consentPage: '/consent' }),
  passkey(),
  twoFactor(),
])
