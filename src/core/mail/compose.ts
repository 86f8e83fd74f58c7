import type { Language, Translated } from '../../lib/language.ts'
import { type Details, detailLines } from './details.ts'

/** A mail that a feature sends, in all languages. */
export type Mail = {
  /** Its name in the outbox. Never change it: rows may wait across an upgrade. */
  kind: string
  /**
   * `{app}` is replaced by the name in the settings. Nothing that a stranger typed is ever inserted. The link follows
   * the first line, or in a notice the last one.
   */
  words: Translated<{ subject: string; lines: string[] }>
  /** The mail tells when, where and with which device the thing was done. */
  details?: true
  link?: {
    /** The page that takes the token. */
    path: `/${string}`
    label: Translated
    /** The mail is a notice, and is sent even if its link is void. */
    mayBeVoid?: true
    /** How long it works, if not for an hour. */
    seconds?: number
  }
}

export type Composed = { subject: string; text: string; html: string }

/** `token`: of the link, behind a code and a space if the mail shows one. */
type Filling = { app: string; publicUrl: string | undefined; token: string | undefined; details?: Details | undefined }

/**
 * Composes a mail in text and HTML. Every value is escaped. The host of the link comes from the settings, never from a
 * request.
 */
export function composeMail(mail: Mail, language: Language, { app, publicUrl, ...filling }: Filling): Composed {
  const { words, link } = mail
  const known = language in words ? language : 'en' // a row written from outside may contain any value
  const { subject, lines } = words[known]
  const filled = lines.map((line) => lined([line.replaceAll('{app}', () => app)])) // a string would expand `$&`
  const sealed = filling.token?.split(' ') ?? []
  const [token, codes] = [sealed.at(-1), sealed.slice(0, -1)]
  // A notice that waited through an upgrade may have no link.
  const url =
    link && token !== undefined && publicUrl !== undefined ? `${publicUrl}${link.path}?token=${token}` : undefined
  const label = link?.label[known] ?? ''
  const isNotice = link?.mayBeVoid === true
  const code = codes.map((code) => ({ text: code, html: `<strong>${escape(code)}</strong>` }))
  const shown = url === undefined ? [] : [{ text: isNotice ? `${label}:\n${url}` : url, html: anchor(url, label) }]
  const facts = mail.details && filling.details ? [lined(detailLines(filling.details, known))] : []
  const [greeting, rest] = [filled.slice(0, 1), filled.slice(1)]
  const parts = isNotice
    ? [...greeting, ...facts, ...rest, ...shown]
    : [...greeting, ...code, ...shown, ...facts, ...rest]
  const text = parts.map((part) => part.text).join('\n\n') + '\n'
  const paragraphs = parts.map((part) => `<p>${part.html}</p>`).join('')
  const html = `<!doctype html><html lang="${language}"><meta charset="utf-8"><body>${paragraphs}</body></html>`
  return { subject: `${app}: ${subject}`, text, html }
}

/** A paragraph of one or more lines, in both forms. */
const lined = (lines: string[]) => ({ text: lines.join('\n'), html: lines.map(escape).join('<br>') })

const anchor = (url: string, label: string): string => `<a href="${escape(url)}">${escape(label)}</a>`

const escape = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
