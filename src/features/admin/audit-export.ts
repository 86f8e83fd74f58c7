import type { SignedInCall } from '../../core/call.ts'
import { batch } from '../../core/d1.ts'
import { auditRow } from '../../core/events/audit.ts'
import { utf8 } from '../../lib/bytes.ts'
import { csvRow } from '../../lib/csv.ts'
import { keyAt } from '../../lib/cursor.ts'
import { logError } from '../../lib/log.ts'
import { eventRows, eventsIn, eventsPage, type ListedEvent } from './audit-queries.ts'
import { causeOf } from '../../problem.ts'
import type { ExportFilter } from './parameters.ts'

/** Rows in one query. This many are in memory at a time. */
const PAGE_ROWS = 500

/** Rows in one answer: 20 queries, of the 50 that a request may make on the free plan of D1. */
export const EXPORT_ROWS = 10_000

type Format = {
  type: string
  head: string
  line: (event: ListedEvent) => string
  /** The last line, if there is more. */
  more: (address: string) => string
}

const COLUMNS = [
  'id',
  'at',
  'event',
  'reason',
  'user_id',
  'email',
  'session_id',
  'actor',
  'actor_email',
  'client_id',
  'client_name',
  'ip',
  'country',
  'user_agent',
  'request_id',
] as const satisfies (keyof ListedEvent)[]

const json = (value: object): string => `${JSON.stringify(value)}\n`

/** The files that an export can be, by the ending of their names. */
export const formats = {
  // With a byte order mark, because spreadsheets read the file in the code page of their system without one.
  csv: {
    type: 'text/csv; charset=utf-8',
    head: `\ufeff${csvRow(COLUMNS)}`,
    line: (event) =>
      csvRow(COLUMNS.map((name) => (name === 'at' ? new Date(event.at * 1000).toISOString() : event[name]))),
    more: (address) => csvRow(['next', address]),
  },
  jsonl: { type: 'application/jsonl', head: '', line: json, more: (next) => json({ next }) },
} satisfies Record<string, Format>

/**
 * The audit trail as a file, newest first, read page by page while it is sent. If there is more than `EXPORT_ROWS`, the last line
 * has the address of the rest. The audit trail records who took it. `address`: of this request, with a query and without a cursor.
 * If D1 fails meanwhile, the answer breaks off without its end, so nobody takes it for complete.
 * @throws Problem 503 `unavailable`
 */
export async function exportEvents(
  call: SignedInCall,
  { format, address, ...given }: ExportFilter & { format: Format; address: string },
): Promise<ReadableStream<Uint8Array>> {
  const { DB } = call.env
  const filter = { ...given, limit: PAGE_ROWS }
  const [found] = await batch<ListedEvent>(DB, [eventRows(filter), auditRow(call, { event: 'audit_exported' })])
  async function* texts(): AsyncGenerator<string> {
    let { events, next } = eventsIn(found!, PAGE_ROWS)
    if (format.head !== '') yield format.head
    for (let left = EXPORT_ROWS - PAGE_ROWS; ; left -= PAGE_ROWS) {
      if (events.length > 0) yield events.map(format.line).join('')
      if (next === null) return
      if (left <= 0) return yield format.more(`${address}${address.endsWith('?') ? '' : '&'}cursor=${next}`)
      ;({ events, next } = await eventsPage(DB, { ...filter, cursor: keyAt(next) as [number, number] }))
    }
  }
  return streamOf(texts())
}

/** A stream of texts, none of them empty, each of which is made when the one before it was read. */
function streamOf(texts: AsyncGenerator<string>): ReadableStream<Uint8Array> {
  return new ReadableStream(
    {
      async pull(controller) {
        try {
          const { value, done } = await texts.next()
          if (done === true) controller.close()
          else controller.enqueue(utf8(value))
        } catch (error) {
          logError('export_broken', causeOf(error))
          controller.error(error)
        }
      },
      cancel: async () => void (await texts.return(undefined)),
    },
    { highWaterMark: 0 },
  )
}
