import type { Config } from '../config.ts'
import { textOn } from '../lib/color.ts'

/** The whole stylesheet. Light and dark, contrast settings and zoom are the reader's own; the phone comes first. */
export const style = `
:root { color-scheme: light dark; --accent: light-dark(#2b4acb, #aabbff); --on-accent: light-dark(#fff, #0c1024);
  --ground: light-dark(#f4f5f7, #0f1217); --card: light-dark(#fff, #181c23); --ink: light-dark(#171a21, #eceef2);
  --soft: light-dark(#565d6b, #a6adbb); --line: light-dark(#e1e4ea, #2c323d); --edge: light-dark(#767d8b, #8a92a1);
  --bad: light-dark(#a8201a, #ffb1a8); --bad-ground: light-dark(#fdf1f0, #2c1a1a);
  --good: light-dark(#17603a, #93dcb0); --good-ground: light-dark(#eef8f2, #14271d); }
* { box-sizing: border-box; }
body { margin: 0; min-height: 100dvh; display: flex; flex-direction: column; align-items: center; gap: 1.25rem;
  padding: 2rem 1rem 1.5rem; background: var(--ground); color: var(--ink); word-break: keep-all; overflow-wrap: anywhere;
  font: 1rem/1.55 system-ui, 'Apple SD Gothic Neo', 'Noto Sans KR', 'Malgun Gothic', sans-serif; }
header { max-width: 100%; font-weight: 650; letter-spacing: -.01em; }
header img { display: block; max-width: 12rem; max-height: 3rem; }
main { width: 100%; max-width: 25rem; padding: 1.75rem 1.5rem; background: var(--card);
  border: 1px solid var(--line); border-radius: 1rem; }
.wide main { max-width: 44rem; }
footer { font-size: .875rem; }
nav, .links, .actions { display: flex; flex-wrap: wrap; gap: .5rem 1rem; }
h1 { margin: 0 0 1.25rem; font-size: 1.5rem; line-height: 1.25; letter-spacing: -.015em; text-wrap: balance; }
h2 { margin: 0; font-size: 1rem; }
p { margin: 0 0 1rem; }
a { color: inherit; text-underline-offset: .2em; }
nav a, .links a, .row > a { display: inline-block; padding: .25rem 0; }
nav a[aria-current] { font-weight: 650; text-decoration: none; }
.links { margin: 1.25rem 0 0; justify-content: space-between; }
.links + form { margin-top: 1.25rem; }
label { display: block; font-weight: 600; }
.soft { color: var(--soft); font-size: .875rem; }
.field { margin: 0 0 1.25rem; }
.field p { margin: 0; }
input, button { min-height: 2.75rem; padding: .5rem .875rem; border-radius: .625rem; font: inherit; }
input { width: 100%; margin: .375rem 0; border: 1px solid var(--edge); background: transparent; color: inherit; }
input[aria-invalid] { border-color: var(--bad); }
button { width: 100%; border: 1px solid transparent; background: var(--accent); color: var(--on-accent); font-weight: 600;
  cursor: pointer; }
button:hover { filter: brightness(.94); }
button.quiet, button.show { width: auto; min-height: 2.25rem; padding: .25rem .75rem; background: transparent;
  border-color: var(--edge); color: inherit; font-size: .875rem; }
button.show { min-height: 1.75rem; padding: 0; border: 0; text-decoration: underline; text-underline-offset: .2em; }
button.danger { background: var(--bad); color: var(--card); }
:focus-visible { outline: 3px solid var(--ink); outline-offset: 2px; }
.problem, .done { margin: 0 0 1.25rem; padding: .75rem 1rem; border: 1px solid; border-radius: .625rem; }
.problem { color: var(--bad); background: var(--bad-ground); }
.problem > :last-child { margin: 0; }
.problem ul { padding: 0; list-style: none; }
.problem > p { margin: 0 0 .25rem; }
.problem li a { display: inline-block; padding: .125rem 0; }
.done { color: var(--good); background: var(--good-ground); }
.wrong { color: var(--bad); font-size: .875rem; }
section { padding: 1.25rem 0; border-top: 1px solid var(--line); }
section p { margin: 0; }
.row, .rows li { display: flex; flex-wrap: wrap; gap: .5rem 1rem; justify-content: space-between; align-items: center; }
.row > div { flex: 1 1 12rem; }
.rows li { flex-wrap: nowrap; }
.rows li > div { flex: 1; min-width: 0; }
.rows form { flex: none; }
time { white-space: nowrap; }
.rows p { margin: 0; }
.rows { margin: 0; padding: 0; list-style: none; }
.rows li { padding: .875rem 0; border-top: 1px solid var(--line); }
.rows li:first-child { border: 0; }
.badge { margin-left: .5rem; padding: .125rem .5rem; border-radius: 1rem; background: var(--good-ground);
  color: var(--good); font-size: .8125rem; white-space: nowrap; }
.badge.bad { background: var(--bad-ground); color: var(--bad); }
main > .actions { margin-bottom: 1.25rem; }
.places { margin: -.5rem 0 1.25rem; font-size: .875rem; }
.search { display: flex; flex-wrap: wrap; gap: 0 1rem; align-items: end; }
.search .field { flex: 1 1 9rem; margin: 0; }
.search button { width: auto; margin: .375rem 0; }
.facts { display: flex; flex-wrap: wrap; gap: 1rem 2.5rem; margin: 0 0 1.25rem; }
dt { color: var(--soft); font-size: .875rem; }
dd { margin: 0; font-size: 1.5rem; font-weight: 650; font-variant-numeric: tabular-nums; }
figure { margin: 1rem 0; }
figcaption { margin-top: .5rem; }
svg { display: block; width: 100%; height: 9rem; border-bottom: 1px solid var(--edge); }
rect.logins { fill: var(--edge); }
rect.failures { fill: var(--bad); }
span.logins, span.failures { padding-inline: .5rem; border-left: .75rem solid var(--edge); }
span.failures { border-color: var(--bad); }
table { width: 100%; border-collapse: collapse; font-size: .875rem; font-variant-numeric: tabular-nums; }
th, td { padding: .25rem .5rem .25rem 0; border-bottom: 1px solid var(--line); text-align: start; font-weight: 400; }
@media (min-width: 40rem) { body { padding-top: 4rem; } main { padding: 2.25rem; } }
@media (forced-colors: active) { button { border-color: ButtonText; } }
`

/** What an operator's colour changes. */
export const brandStyle = ({ APP_COLOR: color }: Config): string =>
  color === undefined ? '' : `:root { --accent: ${color}; --on-accent: ${textOn(color)}; }\n`
