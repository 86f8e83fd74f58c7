import type { Props } from '../../pages/forms.tsx'
import { Step } from '../../pages/parts.tsx'
import { words } from './words.ts'

type ActProps = Props<{
  /** The page of whom it is about, whose form does it. */
  to: string
  /** What the form sends. */
  sends: Record<string, string>
  what: string
  whom: string
  means: string
}>

/** Asks before something that cannot be undone, or that the person feels at once. The title and the button say whom it is about. */
export const ActPage = ({ view, to, sends, what, whom, means }: ActProps) => (
  <Step view={view} action={to} title={`${what}: ${whom}`} about={means} danger>
    {Object.entries(sends).map(([name, value]) => (
      <input type="hidden" name={name} value={value} />
    ))}
  </Step>
)

/** What is asked about a user, by the last part of the page's address, which is also what the form sends. */
export const asks = ({ language, say: shared }: Props['view']) => {
  const say = words[language]
  return {
    delete: { what: shared.deleteAccount, means: shared.deleteShort },
    disable: { what: say.disable, means: say.disableMeans },
    roles: { what: say.setRoles, means: say.rolesMean },
    reset: { what: say.forceReset, means: say.resetMeans },
    sessions: { what: shared.endAll, means: say.endMeans },
    withdraw: { what: say.withdraw, means: say.withdrawMeans },
  }
}
