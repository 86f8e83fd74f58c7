import { describe, expect, it } from 'vitest'
import enhance from '../../public/enhance.js?raw'
import passkeys from '../../public/passkeys.js?raw'
import style from '../../public/style.css?raw'
import { luminance, textOn } from '../../src/lib/color.ts'
import { callWith, ENV, expectProblem, freshDatabase, ORIGIN } from '../support.ts'

freshDatabase()

const own = (settings: Record<string, string>) => ({ ...ENV, ...settings }) as Env
const open = (path: string, settings: Record<string, string> = {}) => callWith(own(settings), ORIGIN + path)

describe('the name', () => {
  it('stands at the top and in the title of every page, escaped', async () => {
    const html = await (await open('/login', { APP_NAME: 'Fish & <b>Chips</b>' })).text()
    expect(html).toContain('<title>Sign in – Fish &amp; &lt;b&gt;Chips&lt;/b&gt;</title>')
    expect(html).toContain('<header>Fish &amp; &lt;b&gt;Chips&lt;/b&gt;</header>')
  })
})

describe('the logo', () => {
  it.each([
    ['https://cdn.example/logo.svg', 'img-src data: https://cdn.example;'],
    ['https://cdn.example:8443/a/logo.svg', 'img-src data: https://cdn.example:8443;'],
    ['/logo.svg', "img-src data: 'self';"],
  ])('%s is shown, and the policy permits its origin: %s', async (APP_LOGO_URL, source) => {
    const answer = await open('/login', { APP_LOGO_URL })
    expect(answer.headers.get('Content-Security-Policy')).toContain(source)
    expect(await answer.text()).toContain(`<img src="${APP_LOGO_URL}" alt="Latchkey"/>`)
  })

  it('widens no policy where there is none, nor that of other answers', async () => {
    const policyOf = async (path: string, settings = {}) =>
      (await open(path, settings)).headers.get('Content-Security-Policy')
    const narrow = await policyOf('/login')
    expect(narrow).toBe(
      "default-src 'none'; script-src 'self'; style-src 'self'; img-src data:; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    )
    expect(await policyOf('/health', { APP_LOGO_URL: 'https://cdn.example/logo.svg' })).toBe(narrow)
  })

  it.each([
    'http://cdn.example/logo.svg',
    'javascript:alert(1)',
    'data:image/svg+xml,x',
    '//cdn.example/logo.svg',
    'logo.svg',
    'https://cdn.example; script-src *',
    'https://cdn.example;/logo.svg',
    '/logo.svg" onerror="alert(1)',
  ])('is not %s', async (APP_LOGO_URL) => {
    const problem = await expectProblem(await open('/login', { APP_LOGO_URL }), 503, 'not_ready')
    expect(problem.errors).toEqual([{ field: 'APP_LOGO_URL', code: 'not_an_https_url' }])
  })
})

describe('the colour', () => {
  it.each([
    ['#ffdd00', '#000'],
    ['#1d4ed8', '#fff'],
    ['#767676', '#000'],
    ['#000000', '#fff'],
    ['#FFFFFF', '#000'],
  ])('%s is that of buttons, with %s on it', async (APP_COLOR, text) => {
    const answer = await open('/brand.css', { APP_COLOR })
    expect(answer.headers.get('Content-Type')).toBe('text/css; charset=utf-8')
    expect(await answer.text()).toBe(`:root { --accent: ${APP_COLOR}; --on-accent: ${text}; }\n`)
    expect(style).toMatch(/--accent: .*--on-accent: /s) // the names that it changes
  })

  it('comes after the stylesheet, on pages of a service that has one', async () => {
    const linksOf = async (settings = {}) =>
      (await (await open('/login', settings)).text()).match(/(?<=rel="stylesheet" href=")[^"]+/g)
    expect(await linksOf({ APP_COLOR: '#1d4ed8' })).toEqual(['/style.css', '/brand.css'])
    expect(await linksOf()).toEqual(['/style.css'])
    expect(await (await open('/brand.css')).text()).toBe('')
  })

  it.each(['red', '#fff', '#12345g', '#1234567', '123456', '#123456; } body { display: none'])(
    'is not %s',
    async (APP_COLOR) => {
      const problem = await expectProblem(await open('/login', { APP_COLOR }), 503, 'not_ready')
      expect(problem.errors).toEqual([{ field: 'APP_COLOR', code: 'not_a_color' }])
    },
  )

  it('can be read, whatever it is', () => {
    const contrast = (a: number, b: number) => (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05)
    for (let i = 0; i < 0x1000000; i += 4_099) {
      const color = `#${i.toString(16).padStart(6, '0')}`
      const text = textOn(color) === '#000' ? '#000000' : '#ffffff'
      expect(contrast(luminance(color), luminance(text)), color).toBeGreaterThanOrEqual(4.5)
    }
    expect(luminance('#ffffff')).toBeCloseTo(1, 10)
    expect(luminance('#808080')).toBeCloseTo(0.2159, 4) // as others compute it
  })
})

describe('the files', () => {
  it.each([
    ['style.css', style],
    ['enhance.js', enhance],
    ['passkeys.js', passkeys],
  ])('%s loads nothing else', (_name, text) => {
    // The marks of providers are part of the stylesheet. A namespace is a name, not an address that anything loads.
    const marks = /url\("data:image\/svg\+xml,%3csvg xmlns='http:\/\/www\.w3\.org\/2000\/svg' [^"(]*"\)/g
    expect(text.replaceAll(marks, '')).not.toMatch(/https?:|@import|url\(/)
  })
})
