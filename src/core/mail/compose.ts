import type { Config } from '../../config.ts'
import type { Language, Translated } from '../../lib/language.ts'
import { type Details, detailLines } from './details.ts'
import { type MailLayout, mailLayout, type MailPart } from './layout.tsx'

/** `{app}` is replaced by the name in the settings. Nothing that a stranger typed is ever inserted. */
export type MailWords = { readonly subject: string; readonly lines: readonly string[] }

/** A mail that a feature sends, in all languages. */
export type Mail = {
  /** Its name in the outbox. Never change it: rows may wait across an upgrade. */
  kind: string
  /** The link follows the first line, or in a notice the last one. */
  words: Translated<MailWords>
  /** The mail tells when, where and with which device the thing was done. */
  details?: true
  link?: {
    /** The page that takes the token. */
    path: `/${string}`
    label: Translated
    /** The mail is a notice, and is sent even if its link is void. */
    mayBeVoid?: true
    /** The mail is a notice, and the page takes no token. */
    tokenless?: true
    /** How long it works, if not for an hour. */
    seconds?: number
  }
}

/** Every feature adds its `mails` to this interface in its own `mails.ts`, and so does the core. */
export interface DeclaredMails {}

type KindIn<Mails> = Mails[keyof Mails] extends { kind: infer Kind extends string } ? Kind : never

/** The kinds of all mails. */
export type MailKind = { [Name in keyof DeclaredMails]: KindIn<DeclaredMails[Name]> }[keyof DeclaredMails]

/** What replaces our words, by kind, and our layout. A language that is missing keeps our words. */
export type OwnMails = {
  mailWords?: { readonly [Kind in MailKind]?: Partial<Translated<MailWords>> }
  mailLayout?: MailLayout
}

export type Composed = { subject: string; text: string; html: string }

/** `token`: of the link, behind a code and a space if the mail shows one. */
type Filling = { token: string | undefined; details?: Details | undefined }
type Settings = Pick<Config, 'APP_NAME' | 'APP_LOGO_URL' | 'APP_COLOR' | 'PUBLIC_URL'>

/**
 * Composes a mail in text and HTML. The hosts of the link and the logo come from the settings, never from a request. In the
 * text, a code and an address each have a line of their own, where programs look for them.
 */
export function composeMail(
  { kind, words, link, details }: Mail,
  language: Language,
  settings: Settings,
  { token: sealed = '', ...filling }: Filling,
  { mailWords, mailLayout: render = mailLayout }: OwnMails = {},
): Composed {
  const { APP_NAME: name, APP_LOGO_URL: path, APP_COLOR: color, PUBLIC_URL: publicUrl } = settings
  const known = language in words ? language : 'en' // a row written from outside may contain any value
  const own: Partial<Translated<MailWords>> | undefined = mailWords?.[kind as MailKind]
  const chosen = own?.[known] ?? words[known]
  const fill = (line: string) => line.replaceAll('{app}', () => name) // a string would expand `$&`
  const [subject, filled] = [fill(chosen.subject), chosen.lines.map(fill)]
  const [token = '', ...codes] = sealed.split(' ').toReversed()
  const isNotice = link?.mayBeVoid ?? link?.tokenless ?? false
  // A notice that waited through an upgrade may have no token.
  const hasLink = link && publicUrl !== undefined && (token !== '' || link.tokenless)
  const url = hasLink && `${publicUrl}${link.path}${link.tokenless ? '' : `?token=${token}`}`

  const [greeting, ...rest] = filled.map((line): MailPart => ({ type: 'text', lines: [line] }))
  const code = codes.map((code): MailPart => ({ type: 'code', code }))
  const button: MailPart[] = url ? [{ type: 'link', url, label: link.label[known], isNotice }] : []
  const facts: MailPart[] =
    details && filling.details ? [{ type: 'details', lines: detailLines(filling.details, known) }] : []
  const body = isNotice ? [...facts, ...rest, ...button] : [...code, ...button, ...facts, ...rest]
  const parts = greeting ? [greeting, ...body] : body

  const logo = path?.startsWith('/') ? publicUrl && publicUrl + path : path
  const { text: html } = render({ language: known, subject, brand: { name, logo, color }, parts })
  return { subject: `${name}: ${subject}`, text: parts.map(textOf).join('\n\n') + '\n', html: `<!doctype html>${html}` }
}

function textOf(part: MailPart): string {
  switch (part.type) {
    case 'code':
      return part.code
    case 'link':
      return `${part.label}:\n${part.url}`
    default:
      return part.lines.join('\n')
  }
}
