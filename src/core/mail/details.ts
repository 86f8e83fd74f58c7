import * as v from 'valibot'
import { deviceName, moment, placeName } from '../../lib/device-name.ts'
import { type Language, phrases } from '../../lib/language.ts'
import type { Origin } from '../origin.ts'

/**
 * When, where and with what somebody did the thing that a mail reports. `device` is a name from our own table, never the
 * text of the client.
 */
const content = v.object({
  at: v.number(),
  country: v.optional(v.nullable(v.string()), null),
  ip: v.optional(v.nullable(v.string()), null),
  device: v.optional(v.nullable(v.string())),
})
export type Details = v.InferOutput<typeof content>

/** The details of a call, as the outbox stores them. Where an administrator or a command acts, only the time. */
export function detailsOf({ now: at, origin }: { now: number; origin: Origin }): string {
  const { country, ip, user_agent, actor } = origin
  const details = actor === undefined ? { at, country, ip, device: deviceName(user_agent) ?? null } : { at }
  return JSON.stringify(details)
}

/** The stored details; undefined if there are none, or if another version stored something else. */
export function readDetails(stored: string | null): Details | undefined {
  if (stored === null) return undefined
  const details = v.safeParse(v.pipe(v.string(), v.parseJson(), content), stored)
  return details.success ? details.output : undefined
}

const words = phrases({
  time: { en: 'Time', ko: '시간' },
  place: { en: 'Place', ko: '위치' },
  device: { en: 'Device', ko: '기기' },
  unknownDevice: { en: 'Unknown device', ko: '알 수 없는 기기' },
})

/** The lines for the reader: time, place and device, as far as they are known. */
export function detailLines({ at, device, ...from }: Details, language: Language): string[] {
  const say = words[language]
  const place = placeName(from, language)
  return [
    `${say.time}: ${moment(at, language)}`,
    ...(place === '' ? [] : [`${say.place}: ${place}`]),
    ...(device === undefined ? [] : [`${say.device}: ${device ?? say.unknownDevice}`]),
  ]
}
