import { describe, expect, it } from 'vitest'
import { features } from '../../../src/app.ts'
import { config } from '../../../src/config.ts'
import { composeMail, type Mail, type OwnMails } from '../../../src/core/mail/compose.ts'
import { deliverMail } from '../../../src/core/mail/mailer.ts'
import { languages } from '../../../src/lib/language.ts'
import { yours } from '../../sample/mails.ts'
import { bearer, call, callIn, ENV, freshDatabase, mailsTo, member, now, PASSWORD } from '../../support.ts'

freshDatabase()

const mailOf = Object.fromEntries(
  features.flatMap(({ mails = {} }) => Object.values(mails).map((mail): [string, Mail] => [mail.kind, mail])),
)
const kinds = Object.keys(mailOf)
const settings = {
  APP_NAME: 'Shop',
  APP_LOGO_URL: undefined,
  APP_COLOR: undefined,
  PUBLIC_URL: 'https://login.example',
} as const
const token = 'T'.repeat(43)
const AT = Date.UTC(2026, 10, 28, 21, 5) / 1000
const details = { at: AT, country: 'KR', ip: '203.0.113.7', device: 'Chrome · Windows' }
const filling = { token, details }
/** The pages behind the buttons, but for undo. */
const paths: Record<string, string> = {
  verify: '/verify',
  finish_registration: '/reset',
  reset: '/reset',
  email_change: '/verify',
  email_change_requested: '/cancel',
  email_moved_here: '/login',
  identity_confirm: '/login/with',
  identity_known: '/login',
  already_registered: '/login',
  session_replayed: '/login',
  account_created: '/reset',
  reset_forced: '/reset',
  undone: '/forgot',
  second_factor_on: '/forgot',
  recovery_renewed: '/forgot',
  passkey_copied: '/account/passkeys',
  login_code: '/login/code/verify',
  login_code_register: '/login/code/verify',
}
/** There is nothing to do about these. */
const withoutButton = ['account_deleted', 'address_returned', 'email_taken']
/** These tell of no change: somebody asked for something. */
const withoutDetails = new Set(
  'verify finish_registration reset email_change email_taken account_created already_registered identity_confirm identity_known'.split(
    ' ',
  ),
)
const pathOf = (kind: string) => paths[kind] ?? (kind.startsWith('recovery_used_') ? '/forgot' : '/undo')

/** What a mail program makes of the HTML. */
async function read(html: string) {
  const found = {
    lang: '',
    links: [] as string[],
    images: [] as (string | null)[][],
    schemes: [] as string[],
    text: '',
  }
  const rewriter = new HTMLRewriter()
    .on('html', { element: (e) => void (found.lang = e.getAttribute('lang') ?? '') })
    .on('a', { element: (e) => void found.links.push(e.getAttribute('href') ?? '') })
    .on('img', { element: (e) => void found.images.push([e.getAttribute('src'), e.getAttribute('alt')]) })
    .on('meta', { element: (e) => void found.schemes.push(e.getAttribute('name') ?? '') })
    .on('body', { text: ({ text }) => void (found.text += text) })
  await rewriter.transform(new Response(html)).text()
  return found
}

describe('the words', () => {
  it('are there for every kind in every language', () => {
    for (const { words } of Object.values(mailOf)) expect(Object.keys(words).sort()).toEqual([...languages].sort())
    expect(kinds.length).toBeGreaterThanOrEqual(11)
  })

  it('are of one feature each', () => {
    expect(features.flatMap(({ mails = {} }) => Object.keys(mails))).toHaveLength(kinds.length)
  })

  it.each(kinds)('of %s: the name, one button, its plain address, and the same in the text', async (kind) => {
    const mail = mailOf[kind]!
    const isCode = kind.startsWith('login_code')
    for (const language of languages) {
      const sealed = isCode ? `ABCD-EFGH ${token}` : token
      const { subject, text, html } = composeMail(mail, language, settings, { token: sealed, details })
      const page = await read(html)
      const url = `https://login.example${pathOf(kind)}${mail.link?.tokenless ? '' : `?token=${token}`}`
      expect(subject).toMatch(/^Shop: \S/)
      expect(page.links).toEqual(withoutButton.includes(kind) ? [] : [url])
      for (const shown of [text, page.text]) {
        expect(shown).toContain('Shop')
        expect(shown.includes(url)).toBe(page.links.length === 1)
        expect(/(?:Time|시간): /.test(shown)).toBe(!withoutDetails.has(kind))
        expect(/[가-힣]/.test(shown.replaceAll('대한민국', ''))).toBe(language === 'ko')
        expect(shown.includes('ABCD-EFGH')).toBe(isCode)
      }
      if (page.links.length === 1) expect(text).toContain(`:\n${url}\n`)
      if (isCode) expect(text).toContain('\n\nABCD-EFGH\n\n')
      expect(page).toMatchObject({ lang: language, images: [] })
      expect(page.schemes).toEqual(expect.arrayContaining(['color-scheme', 'supported-color-schemes']))
      expect(subject + text + html).not.toMatch(/\{app\}|undefined|null|\[object/)
      expect(html).toMatch(/^<!doctype html><html /)
      expect(/[가-힣]/.test(subject)).toBe(language === 'ko')
    }
  })

  it.each(kinds)('of %s still fit where no link can be made', (kind) => {
    for (const language of languages) {
      const { text, html } = composeMail(mailOf[kind]!, language, { ...settings, PUBLIC_URL: undefined }, { token })
      expect(text + html).not.toMatch(/https?:|token/)
      if (mailOf[kind]!.link?.mayBeVoid) expect(text + html).not.toMatch(/\blink\b|링크/)
    }
  })

  it('of a notice that waited through an upgrade name no link, because it has none', () => {
    for (const language of languages) {
      const { text, html } = composeMail(mailOf.email_change_requested!, language, settings, { token: undefined })
      expect(text + html).not.toMatch(/https?:|token|link|링크/)
    }
  })

  it('escape the name of the service in HTML, and take it as it is', () => {
    for (const language of languages) {
      for (const kind of kinds) {
        const own = { ...settings, APP_NAME: `<b>&"$&$1` }
        const { subject, text, html } = composeMail(mailOf[kind]!, language, own, filling)
        expect(subject).toMatch(/^<b>&"\$&\$1: /)
        expect(text).toContain(`<b>&"$&$1`)
        expect(html).toContain('&lt;b&gt;&amp;&quot;$&amp;$1')
        expect(html).not.toContain('<b>')
      }
    }
  })
})

describe('the brand', () => {
  const reset = mailOf.reset!

  it.each([
    ['https://img.example/logo.png', 'https://img.example/logo.png'],
    ['/logo.svg', 'https://login.example/logo.svg'],
  ])('has the logo %s as %s, with the name for whoever blocks images', async (APP_LOGO_URL, src) => {
    const { html } = composeMail(reset, 'en', { ...settings, APP_LOGO_URL }, filling)
    expect((await read(html)).images).toEqual([[src, 'Shop']])
  })

  it('is the name where a logo on this site has no address', async () => {
    const own = { ...settings, APP_LOGO_URL: '/logo.svg', PUBLIC_URL: undefined }
    const { images, text } = await read(composeMail(mailOf.account_deleted!, 'en', own, filling).html)
    expect([images, text.startsWith('Shop')]).toEqual([[], true])
  })

  it.each([
    ['#ffe000', '#000'],
    ['#1d4ed8', '#fff'],
  ])('has the button in %s with text in %s', (APP_COLOR, ink) => {
    const { html } = composeMail(reset, 'en', { ...settings, APP_COLOR }, filling)
    expect(html).toMatch(new RegExp(`background:${APP_COLOR};"><a [^>]*;color:${ink};"`))
  })
})

describe('what stands in src/yours', () => {
  const sentWith = async (own: OwnMails & { name: string }) => {
    const { email, token } = await member()
    const json = { current_password: PASSWORD, new_password: 'another password of somebody' }
    const held = { ...ENV, EMAIL: { send: () => Promise.reject(new Error('later')) } } as unknown as Env
    await callIn(held, 'POST', '/user/password', { json, ...bearer(token) })
    await call('POST', '/user/password/forgot', { json: { email } })
    await ENV.DB.prepare('UPDATE outbox SET due_at = 0').run()
    await deliverMail(ENV, config(ENV), now(), [...features, own])
    return mailsTo(email)
  }

  it('changes words and layout as the documentation shows, and our link stays', async () => {
    const [, changed] = await sentWith(yours)
    expect(changed).toMatchObject({ subject: 'Latchkey: Your new password works' })
    expect(changed!.text).toMatch(/^Your new password for Latchkey works\.\n\nTime: /)
    const { links, text } = await read(changed!.html)
    expect(links).toEqual([expect.stringMatching(/^https:\/\/login\.example\/undo\?token=/)])
    expect(text).toContain('Shop Ltd, 1 Main Street, Seoul')
  })

  it('may name the service anywhere', () => {
    const mailWords = { reset: { en: { subject: '{app} asks', lines: ['{app} and {app}'] } } }
    const { subject, text } = composeMail(mailOf.reset!, 'en', { ...settings, APP_NAME: '$&' }, filling, { mailWords })
    expect([subject, text]).toEqual(['$&: $& asks', expect.stringMatching(/^\$& and \$&\n/)])
  })

  it('leaves alone what it does not name: other mails, and other languages', () => {
    const asked = (kind: string, language: 'en' | 'ko', own?: OwnMails) =>
      composeMail(mailOf[kind]!, language, settings, filling, own)
    const { mailWords } = yours
    expect(asked('password_changed', 'ko', { mailWords })).toEqual(asked('password_changed', 'ko'))
    expect(asked('reset', 'en', { mailWords })).toEqual(asked('reset', 'en'))
  })
})
