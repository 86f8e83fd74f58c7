import { Hono } from 'hono'
import type { AppEnv } from '../../http/app-env.ts'
import { callOf } from '../../http/call.ts'
import { requireFactorChange } from '../../http/guard.ts'
import { opened, submittedBy } from '../../pages/answer.tsx'
import { pageLoginRequired } from '../../pages/own-page.tsx'
import { RecoveryCodesPage } from '../../pages/recovery-codes.tsx'
import { SECURITY } from '../../pages/security.ts'
import { page, viewOf } from '../../pages/view.tsx'
import { switching } from './inputs.ts'
import { securityPage } from './security.tsx'
import { turnOff, turnOn } from './switch.ts'

/** The page of the factors, and its switch. */
export const pages = new Hono<AppEnv>()
  .get(SECURITY, pageLoginRequired, (c) =>
    opened(c, async () => {
      const view = viewOf(c)
      return page(c, view, await securityPage(callOf(c), view))
    }),
  )

  .post(SECURITY, switching.limit, (c) =>
    submittedBy(c, async (call, fields) => {
      requireFactorChange(call.session)
      if (fields.get('second_factor') !== 'on') {
        await turnOff(call)
        return c.redirect(`${SECURITY}?done=second_factor_off`, 303)
      }
      const { recovery_codes } = await turnOn(call)
      const view = viewOf(c, fields)
      return page(c, view, <RecoveryCodesPage view={view} codes={recovery_codes} next={SECURITY} />)
    }),
  )
