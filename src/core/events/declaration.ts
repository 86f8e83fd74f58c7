import type { Translated } from '../../lib/language.ts'

/**
 * Events by name. `says`: what happened, in words. `type`: the webhook's name for the event, if the trigger in the schema
 * publishes it. `reasons`: why the action failed or had another result, in words. They are private: a reason may say what
 * the response must not.
 */
export type Events = Record<string, { says: Translated; type?: string; reasons?: Record<string, Translated> }>

/** The reason of every feature that mails to an address which has had its mails of the day. */
export const MAIL_LIMIT = { en: 'too many mails to the address that day', ko: '하루 메일 한도 초과' } as const

/** The events of all features and rooms. */
export const allEvents = (owners: readonly { events?: Events }[]): Events =>
  Object.assign({}, ...owners.map(({ events }) => events)) as Events
