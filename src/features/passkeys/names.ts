import type { Language } from '../../lib/language.ts'
import { aaguids } from './aaguids.ts'

/** Bytes. Authenticators cut names at this length, wherever that is (WebAuthn Level 3 section 6.4.1). */
const NAME_MAX_BYTES = 64

const generic = { en: 'Passkey', ko: '패스키' } as const

/** A first name for a passkey: what made it, if that is known. Many authenticators do not say. */
export const nameOf = (aaguid: string, language: Language): string => aaguids[aaguid] ?? generic[language]

/** Cuts a name between characters as a reader sees them, so that it has at most 64 bytes of UTF-8. */
export function cutName(text: string): string {
  const encoder = new TextEncoder()
  let [cut, bytes] = ['', 0]
  for (const { segment } of new Intl.Segmenter(undefined, { granularity: 'grapheme' }).segment(text)) {
    bytes += encoder.encode(segment).length
    if (bytes > NAME_MAX_BYTES) return cut.trimEnd()
    cut += segment
  }
  return cut
}
