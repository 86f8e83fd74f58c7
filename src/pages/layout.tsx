import type { Child } from '../lib/jsx-runtime.ts'
import { languages } from '../lib/language.ts'
import type { View } from './view.tsx'
import { shared as words } from './words.ts'

type LayoutProps = { view: View; title: string; wide?: boolean; children: Child }

export const Layout = ({ view, title, wide = false, children }: LayoutProps) => {
  const { language, say, brand, problem, done } = view
  return (
    <html lang={language}>
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>{`${problem ? `${say.error}: ` : ''}${title} – ${brand.name}`}</title>
        <link rel="icon" href="data:," />
        <link rel="stylesheet" href="/style.css" />
        {brand.color !== undefined && <link rel="stylesheet" href="/brand.css" />}
        <script src="/enhance.js" defer></script>
      </head>
      <body class={wide ? 'wide' : undefined} data-show={say.show} data-hide={say.hide}>
        <header>{brand.logo === undefined ? brand.name : <img src={brand.logo} alt={brand.name} />}</header>
        <main>
          <h1>{title}</h1>
          {done && (
            <p class="done" role="status">
              {done.text}
            </p>
          )}
          {children}
        </main>
        <footer>
          <nav aria-label={say.language}>
            {languages.map((own) => (
              <a
                href={`${view.path}?${new URLSearchParams({ ...view.kept, lang: own }).toString()}`}
                lang={own}
                hreflang={own}
                aria-current={own === language ? 'true' : undefined}
              >
                {words[own].name}
              </a>
            ))}
          </nav>
        </footer>
      </body>
    </html>
  )
}
