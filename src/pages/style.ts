/** The whole stylesheet: system colours, so that light and dark, contrast settings and zoom are the reader's own. */
export const style = `
:root { color-scheme: light dark; --accent: light-dark(#1d4ed8, #93b4ff); --on-accent: light-dark(#fff, #0b1220);
  --line: light-dark(#767b87, #8b93a5); --bad: light-dark(#b3261e, #ffb4ab); }
* { box-sizing: border-box; }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; padding: 1rem;
  font: 1rem/1.5 system-ui, 'Apple SD Gothic Neo', 'Noto Sans KR', 'Malgun Gothic', sans-serif;
  background: light-dark(#f6f7f9, #12151c); color: light-dark(#14171f, #eceff5); }
main { width: 100%; max-width: 24rem; padding: 1.5rem; border-radius: .75rem;
  background: light-dark(#fff, #1b2029); box-shadow: 0 1px 3px #0003; }
h1 { margin: 0 0 1rem; font-size: 1.5rem; line-height: 1.25; }
p { margin: 0 0 1rem; overflow-wrap: anywhere; }
label { display: block; margin: 0 0 .25rem; font-weight: 600; }
input, button { width: 100%; min-height: 2.75rem; padding: .5rem .75rem; border-radius: .5rem; font: inherit; }
input { margin: 0 0 1rem; border: 1px solid var(--line); background: transparent; color: inherit; }
button { border: 0; background: var(--accent); color: var(--on-accent); font-weight: 600; cursor: pointer; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
.problem { padding: .75rem; border: 1px solid var(--bad); border-radius: .5rem; color: var(--bad); }
`
