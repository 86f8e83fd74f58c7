import { CHALLENGES } from '../http/headers.ts'
import type { Props } from './forms.tsx'

/**
 * The challenge in the form of a login that would have to wait, if there is a site key. Its script adds the field
 * `cf-turnstile-response`. The compact form fits on the narrowest screen.
 */
export const Challenge = ({ view: { challenge, say, language } }: Props) =>
  challenge === undefined ? null : (
    <div class="field">
      <p>{say.challenge}</p>
      <noscript>
        <p>{say.challengeNeedsScript}</p>
      </noscript>
      <div
        class="cf-turnstile"
        data-sitekey={challenge}
        data-action="login"
        data-language={language}
        data-size="compact"
      ></div>
      <script src={`${CHALLENGES}/turnstile/v0/api.js`} async defer></script>
    </div>
  )

/** The solved challenge in a form, if it has one. */
export const solvedIn = (fields: URLSearchParams): string | undefined =>
  fields.get('cf-turnstile-response') || undefined
