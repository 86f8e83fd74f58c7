import * as v from 'valibot'
import { type Chapter, text } from '../../openapi.ts'
import { formats } from './audit-export.ts'
import { event, next } from './openapi-shapes.ts'

/** The audit trail, as a list and as files. */
export const auditOperations: Chapter['operations'] = {
  'GET /admin/audit': {
    summary: { en: 'The audit trail, the newest first', ko: '감사 로그(최신순)' },
    description: {
      en: 'With `user_id`, `actor`, `event`, those alone. Times in seconds since 1970: from `from` on, and before `to`.',
      ko: '`user_id`, `actor`, `event`를 지정하면 해당하는 기록만 반환합니다. `from`부터 `to` 직전까지 조회하며, 시각은 Unix 타임스탬프(초)로 지정합니다.',
    },
    answers: {
      200: {
        description: 'A page of it.',
        schema: v.strictObject({ events: v.array(event), next }),
        example: { events: [], next: null },
      },
    },
  },
  'GET /admin/audit.csv': {
    summary: { en: 'The audit trail as CSV', ko: '감사 로그를 CSV로 내보내기' },
    description: {
      en: 'The filter of `GET /admin/audit`. 10,000 rows at most; if there are more, the last row is `next` and the address of the rest. RFC 4180, in UTF-8 with a byte order mark; times in ISO 8601; no cell begins like a formula.',
      ko: '`GET /admin/audit`와 같은 조건으로 최대 10,000행을 내보냅니다. 더 있으면 마지막 행에 `next`와 이어지는 주소가 나옵니다. RFC 4180 형식의 UTF-8(BOM 포함)이며, 시각은 ISO 8601로 적고 수식으로 시작하는 셀이 없도록 처리합니다.',
    },
    answers: {
      200: {
        description: 'A file: a row of names, then a row for each event.',
        schema: text,
        type: formats.csv.type,
      },
    },
  },
  'GET /admin/audit.jsonl': {
    summary: { en: 'The audit trail as JSON lines', ko: '감사 로그를 JSON Lines로 내보내기' },
    description: {
      en: 'The same with an object on each line, as in `GET /admin/audit`. If there are more, the last line is `{"next"}` with the address of the rest.',
      ko: '같은 내용을 한 줄에 객체 하나씩, `GET /admin/audit`의 형식으로 내보냅니다. 더 있으면 마지막 줄은 이어지는 주소가 담긴 `{"next"}`입니다.',
    },
    answers: { 200: { description: 'A file.', schema: text, type: formats.jsonl.type } },
  },
}
