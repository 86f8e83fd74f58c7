import type { Factor } from '../../core/call.ts'
import { ADMIN, hasRole } from '../../core/users/roles.ts'
import type { ListedFactors } from '../../core/users/factors.ts'
import type { Props } from '../../pages/forms.tsx'
import { Moment } from '../../pages/parts.tsx'
import { ActPage } from './act-page.tsx'
import { words } from './words.ts'

/** What a factor is called: by its owner, else by its method. */
export type Labels = (factor: Factor) => string

type ListedProps = Props<ListedFactors & { labelOf: Labels }>

/** The factors of a user, each with a link to its removal. Nothing for a user who has none. */
export const FactorList = ({ view, factors, recovery_codes_left, labelOf }: ListedProps) => {
  const { path, language, viewer } = view
  const say = words[language]
  if (factors.length === 0) return null
  return (
    <section>
      <h2>{say.factors}</h2>
      <ul class="rows">
        {factors.map((factor) => (
          <li>
            <div>
              <p>
                <strong>{labelOf(factor)}</strong>
              </p>
              <p class="soft">
                {say.factorAdded} <Moment at={factor.created_at} language={language} />
              </p>
              {factor.last_used_at !== null && (
                <p class="soft">
                  {say.factorUsed} <Moment at={factor.last_used_at} language={language} />
                </p>
              )}
            </div>
            {hasRole(viewer, ADMIN) && (
              <a
                href={`${path}/factors?${new URLSearchParams({ factor: factor.id }).toString()}`}
                aria-label={`${say.removeFactor}: ${labelOf(factor)}`}
              >
                {say.removeFactor}
              </a>
            )}
          </li>
        ))}
      </ul>
      <p class="soft">{`${say.recoveryCodesLeft}: ${recovery_codes_left}`}</p>
    </section>
  )
}

type RemoveProps = Props<{ id: number; email: string; factor: Factor; label: string }>

/** Asks before a factor is removed. */
export const RemoveFactorPage = ({ view, id, email, factor, label }: RemoveProps) => (
  <ActPage
    view={{ ...view, kept: { ...view.kept, factor: factor.id } }}
    to={`/console/users/${id}`}
    sends={{ do: 'factor', factor: factor.id }}
    what={words[view.language].removeFactor}
    whom={`${label}, ${email}`}
    means={words[view.language].removeFactorMeans}
  />
)
