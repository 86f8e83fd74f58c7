import type { statistics } from '../features/admin/queries.ts'
import { Console } from './console-views.tsx'
import type { Props } from './forms.tsx'

type Numbers = Awaited<ReturnType<typeof statistics>>
type Days = Props<Pick<Numbers, 'days'>>

export const NumbersPage = ({ view, users, verified, live_sessions, days }: Props<Numbers>) => {
  const { say, language } = view
  const facts = [
    [say.users, users],
    [say.verified, verified],
    [say.liveSessions, live_sessions],
  ] as const
  return (
    <Console view={view} title={say.numbers}>
      <dl class="facts">
        {facts.map(([name, number]) => (
          <div>
            <dt>{name}</dt>
            <dd>{number.toLocaleString(language)}</dd>
          </div>
        ))}
      </dl>
      <section>
        <h2>{say.loginsByDay}</h2>
        <Chart view={view} days={days} />
        <details>
          <summary>{say.asTable}</summary>
          <table>
            <thead>
              <tr>
                <th scope="col">{say.day}</th>
                <th scope="col">{say.logins}</th>
                <th scope="col">{say.failures}</th>
              </tr>
            </thead>
            <tbody>
              {days.toReversed().map(({ date, logins, failures }) => (
                <tr>
                  <th scope="row">{date}</th>
                  <td>{logins}</td>
                  <td>{failures}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </details>
      </section>
    </Console>
  )
}

/** Two bars for each day, the highest of all 100 high. The table beside it has the same numbers for who cannot see them. */
const Chart = ({ view: { say }, days }: Days) => {
  const most = Math.max(1, ...days.flatMap(({ logins, failures }) => [logins, failures]))
  const bar = (kind: 'logins' | 'failures', x: number, number: number) => {
    const height = Math.round((number / most) * 1000) / 10
    return <rect class={kind} x={x} y={100 - height} width={4} height={height} />
  }
  return (
    <figure>
      <svg role="img" viewBox={`0 0 ${days.length * 10} 100`} preserveAspectRatio="none">
        <title>{say.loginsByDay}</title>
        {days.map(({ date, logins, failures }, i) => (
          <g>
            <title>{`${date}: ${say.logins} ${logins}, ${say.failures} ${failures}`}</title>
            {bar('logins', i * 10 + 1, logins)}
            {bar('failures', i * 10 + 5, failures)}
          </g>
        ))}
      </svg>
      <figcaption class="soft">
        <span class="logins">{say.logins}</span> <span class="failures">{say.failures}</span>{' '}
        {`${days[0]?.date} – ${days.at(-1)?.date} (UTC), ${say.highest} ${most}`}
      </figcaption>
    </figure>
  )
}
