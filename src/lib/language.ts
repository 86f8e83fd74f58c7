/** The languages of pages and mails. The first one is the fallback. */
export const languages = ['en', 'ko'] as const
export type Language = (typeof languages)[number]

/** The same phrase in every language. */
export type Translated<Phrase = string> = Record<Language, Phrase>

/** A text, or a function that returns one if it has parameters. */
type Phrase = string | ((...parameters: never[]) => string)

type Of<Phrases> = { [Name in keyof Phrases]: Phrases[Name] extends Translated<infer One> ? One : never }

/** Turns phrases that list every language into one object per language: `words.ko.title`. */
export function phrases<Phrases extends Record<string, Translated<Phrase>>>(all: Phrases): Translated<Of<Phrases>> {
  const entries = Object.entries(all)
  const inOne = (language: Language) =>
    Object.fromEntries(entries.map(([name, phrase]) => [name, phrase[language]])) as Of<Phrases>
  return Object.fromEntries(languages.map((language) => [language, inOne(language)])) as Translated<Of<Phrases>>
}
