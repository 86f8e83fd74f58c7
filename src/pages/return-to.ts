import type { Config } from '../config.ts'

const OWN_PAGE =
  /^\/(?:account(?:\/(?:email|password|export|delete))?|console(?:\/(?:audit|numbers|users\/\d{1,15}(?:\/(?:confirm|delete))?))?)$/

/** Whether a path is exactly that of a page of ours for who is signed in. */
export const isOwnPage = (path: string): boolean => OWN_PAGE.test(path)

/**
 * Where somebody goes after signing in, if that is exactly a page of ours or one of `ALLOWED_RETURN_URLS`. The text is
 * compared, never parsed: a parser reads addresses in more ways than one.
 */
export function allowedReturn(asked: string | undefined, { ALLOWED_RETURN_URLS }: Config): string | undefined {
  if (asked !== undefined && isOwnPage(asked)) return asked
  return ALLOWED_RETURN_URLS.find((url) => url === asked)
}
