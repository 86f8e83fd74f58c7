import { textOn } from '../../lib/color.ts'
import type { Html } from '../../lib/jsx-runtime.ts'
import { type Language, phrases } from '../../lib/language.ts'

/** What a layout shows. `subject` is without the name of the service. `logo` is a whole address. */
export type MailContent = {
  language: Language
  subject: string
  brand: { name: string; logo: string | undefined; color: string | undefined }
  parts: readonly MailPart[]
}

/** `isNotice`: most readers need not follow the link. */
export type MailPart =
  | { type: 'text' | 'details'; lines: readonly string[] }
  | { type: 'code'; code: string }
  | { type: 'link'; url: string; label: string; isNotice: boolean }

/** Renders the HTML of a mail. */
export type MailLayout = (content: MailContent) => Html

const words = phrases({
  orOpen: {
    en: 'If the button does not work, open this address:',
    ko: '버튼이 작동하지 않으면 아래 주소를 브라우저에 붙여 넣어 주세요.',
  },
})

/** The color of the buttons in `public/style.css`. */
const ACCENT = '#2b4acb'

/** Inline, because several mail programs drop `<style>`. Outlook knows neither `max-width` nor the padding of a link. */
const GROUND = 'background:#f4f5f7;'
const CARD = 'background:#fff;'
const INK = 'color:#171a21;'
const SOFT = 'color:#565d6b;'
const FONT = 'font-family:system-ui,Segoe UI,Malgun Gothic,sans-serif;word-break:keep-all;overflow-wrap:anywhere;'
const TABLE = { role: 'presentation', cellpadding: '0', cellspacing: '0', border: 0 }

/** Programs without `<style>` show the light colors, or darken them by themselves. */
const DARK =
  '.g{background:#0f1217!important}.c{background:#181c23!important}.t{color:#eceef2!important}.s{color:#a6adbb!important}'
const STYLE = `:root{color-scheme:light dark;supported-color-schemes:light dark}@media(prefers-color-scheme:dark){${DARK}}`

/** The HTML of every mail: the brand, the subject, and the parts below each other. */
export const mailLayout = ({ language, subject, brand, parts }: MailContent): Html => (
  <html lang={language}>
    <head>
      <meta charset="utf-8" />
      <meta name="viewport" content="width=device-width" />
      <meta name="color-scheme" content="light dark" />
      <meta name="supported-color-schemes" content="light dark" />
      <title>{subject}</title>
      <style>{STYLE}</style>
    </head>
    <body class="g" style={`margin:0;${GROUND}`}>
      <table {...TABLE} width="100%" class="g" style={GROUND}>
        <tr>
          <td align="center" role="main" style="padding:24px 12px">
            <table {...TABLE} width="480" style={`width:100%;max-width:480px;text-align:left;${FONT}`}>
              <tr>
                <td class="t" style={`padding:0 8px 16px;font-size:16px;font-weight:bold;${INK}`}>
                  {brand.logo === undefined ? (
                    brand.name
                  ) : (
                    <img
                      src={brand.logo}
                      alt={brand.name}
                      height="40"
                      style="display:block;height:40px;max-width:100%"
                    />
                  )}
                </td>
              </tr>
              <tr>
                <td
                  class="c t"
                  style={`padding:24px 24px 8px;border-radius:16px;font-size:16px;line-height:1.55;${CARD}${INK}`}
                >
                  <h1 style="margin:0 0 16px;font-size:22px;line-height:1.3">{subject}</h1>
                  {parts.map((part) => partOf(part, language, brand.color ?? ACCENT))}
                </td>
              </tr>
            </table>
          </td>
        </tr>
      </table>
    </body>
  </html>
)

function partOf(part: MailPart, language: Language, color: string): Html {
  switch (part.type) {
    case 'code':
      return <p style="margin:0 0 16px;font:bold 28px/1.3 Consolas,Menlo,monospace;letter-spacing:2px">{part.code}</p>
    case 'details':
      return (
        <p class="g s" style={`margin:0 0 16px;padding:12px 16px;border-radius:8px;font-size:14px;${GROUND}${SOFT}`}>
          {linesOf(part.lines)}
        </p>
      )
    case 'text':
      return <p style="margin:0 0 16px">{linesOf(part.lines)}</p>
    case 'link':
      return <Button {...part} color={color} before={words[language].orOpen} />
  }
}

const linesOf = (lines: readonly string[]) => lines.map((line, i) => (i === 0 ? line : [<br />, line]))

type ButtonProps = { url: string; label: string; isNotice: boolean; color: string; before: string }

/** Quiet in a notice, where most readers have nothing to press. */
function Button({ url, label, isNotice, color, before }: ButtonProps) {
  const [onCell, onLink] = isNotice ? ['c', 't'] : [undefined, undefined]
  const [cell, link] = isNotice ? [CARD, INK] : [`background:${color};`, `color:${textOn(color)};`]
  const shape = 'display:inline-block;padding:11px 24px;border:1px solid #767d8b;border-radius:8px;'
  return (
    <>
      <table {...TABLE} style="margin:0 0 12px">
        <tr>
          <td class={onCell} style={`border-radius:8px;mso-padding-alt:12px 24px;${cell}`}>
            <a href={url} class={onLink} style={`${shape}font-weight:bold;text-decoration:none;${link}`}>
              {label}
            </a>
          </td>
        </tr>
      </table>
      <p class="s" style={`margin:0 0 16px;font-size:13px;${SOFT}`}>
        {before}
        <br />
        <span style="word-break:break-all">{url}</span>
      </p>
    </>
  )
}
