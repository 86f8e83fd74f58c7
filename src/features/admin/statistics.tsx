import type { Props } from '../../pages/forms.tsx'
import { Console } from './console.tsx'
import type { statistics } from './queries.ts'
import { words } from './words.ts'

type Statistics = Awaited<ReturnType<typeof statistics>>
type Days = Props<Pick<Statistics, 'days'>>

export const StatisticsPage = ({ view, users, verified, live_sessions, days }: Props<Statistics>) => {
  const { language } = view
  const say = words[language]
  const facts = [
    [say.users, users],
    [say.verified, verified],
    [say.liveSessions, live_sessions],
  ] as const
  return (
    <Console view={view} title={say.statistics}>
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

/**
 * Two bars for each day, scaled so that the highest is 100. The table below has the same numbers for readers who cannot
 * see them.
 */
const Chart = ({ view: { language }, days }: Days) => {
  const say = words[language]
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
