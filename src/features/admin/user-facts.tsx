import type { Child } from '../../lib/jsx-runtime.ts'
import { languages } from '../../lib/language.ts'
import type { Props } from '../../pages/forms.tsx'
import { Moment } from '../../pages/parts.tsx'
import { shared } from '../../pages/words.ts'
import type { UserDetails } from './user-queries.ts'
import { words } from './words.ts'

/** What is known of a user, as a list of terms. */
export const Facts = ({ view: { language, labels }, user }: Props<{ user: UserDetails }>) => {
  const say = words[language]
  const at = (time: number | null, otherwise: string) =>
    time === null ? otherwise : <Moment at={time} language={language} />
  const chosen = languages.find((own) => own === user.language)
  const facts: [string, Child][] = [
    [say.userNumber, user.user_id],
    [say.created, at(user.created_at, '')],
    [say.lastLogin, at(user.last_login_at, say.none)],
    [say.passwordSet, user.has_password ? at(user.password_set_at, say.some) : say.none],
    [shared[language].language, chosen && shared[chosen].name],
    [labels.name!, user.name],
    [say.invitedUntil, user.invited_until && at(user.invited_until, '')],
    [say.emailChange, user.email_change?.email],
    [say.applications, user.applications.map(({ name }) => name).join(', ')],
  ]
  return (
    <dl class="about">
      {facts
        .filter(([, fact]) => fact !== null && fact !== undefined && fact !== '')
        .map(([term, fact]) => (
          <div>
            <dt>{term}</dt>
            <dd>{fact}</dd>
          </div>
        ))}
    </dl>
  )
}
