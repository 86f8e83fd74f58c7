import { describe, expect, it } from 'vitest'
import type { Child } from '../../src/lib/jsx-runtime.ts'

const HOSTILE = `"><script>alert('x')</script>&amp;`
const ESCAPED = '&quot;&gt;&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;&amp;amp;'

const Box = ({ title, children }: { title: string; children?: Child }) => <p title={title}>{children}</p>

describe('markup', () => {
  it.each([
    ['text', <p>{HOSTILE}</p>, `<p>${ESCAPED}</p>`],
    ['an attribute', <a href={HOSTILE}>x</a>, `<a href="${ESCAPED}">x</a>`],
    ['what a component is given', <Box title={HOSTILE}>{HOSTILE}</Box>, `<p title="${ESCAPED}">${ESCAPED}</p>`],
    ['every item of a list', <p>{[HOSTILE, [HOSTILE]]}</p>, `<p>${ESCAPED}${ESCAPED}</p>`],
    ['what only looks like markup', <p>{{ text: '<b>' } as unknown as Child}</p>, '<p>[object Object]</p>'],
  ])('escapes %s', (_what, markup, text) => {
    expect(markup.text).toBe(text)
  })

  it('is nested as it is, and escaped once', () => {
    const inner = <b>{'<'}</b>
    expect((<Box title="t">{[inner, <i>{inner}</i>]}</Box>).text).toBe('<p title="t"><b>&lt;</b><i><b>&lt;</b></i></p>')
  })

  it('shows nothing for what is not there, and zero for zero', () => {
    expect(
      (
        <p>
          {null}
          {undefined}
          {false}
          {true}
          {0}
        </p>
      ).text,
    ).toBe('<p>0</p>')
  })

  it('leaves out attributes that are not set, and ends elements that hold nothing', () => {
    expect((<input name="a" required disabled={false} value={undefined} />).text).toBe('<input name="a" required=""/>')
    expect(
      (
        <>
          <br />a
        </>
      ).text,
    ).toBe('<br/>a')
  })
})
