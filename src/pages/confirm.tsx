import { isFresh, type Session } from '../core/sessions/session.ts'
import type { Child } from '../lib/jsx-runtime.ts'
import type { Props } from './forms.tsx'
import { isOwnPage } from './return-to.ts'
import type { PageContext } from './view.tsx'

/** The page on which a signed-in user shows again who they are. */
export const CONFIRM = '/account/confirm'

/** Redirects to that page, which returns to this path. Only known paths are passed on, as by `toLogin`. */
export const toConfirm = (c: PageContext, path: string): Response =>
  c.redirect(isOwnPage(path, c.var.registry) ? `${CONFIRM}?return_to=${path.replaceAll('%', '%25')}` : CONFIRM, 303)

/**
 * Whether a form that changes the account can be sent from this session. If not, the user has to confirm first: a form can
 * ask for a password, and for nothing else.
 */
export const canChange = (session: Session, now: number): boolean =>
  (session.live?.has_password === true && !session.live.second_factor) || isFresh(session, now)

/** Whether a form asks for the password: only of an account that has one. */
export const hasPassword = ({ live }: Session): boolean => live?.has_password !== false

type ConfirmFormProps = Props<{ submit: string; children?: Child }>

/** One method's form on that page. */
export const ConfirmForm = ({ view, submit, children }: ConfirmFormProps) => (
  <form method="post" action={CONFIRM}>
    {view.returnTo !== undefined && <input type="hidden" name="return_to" value={view.returnTo} />}
    {children}
    <button type="submit">{submit}</button>
  </form>
)
