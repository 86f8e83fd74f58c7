import { utf8 } from './bytes.ts'

/** Compares two secrets in a time that reveals nothing about them, not even their length. */
export async function isSameSecret(a: string, b: string): Promise<boolean> {
  const [x, y] = [await crypto.subtle.digest('SHA-256', utf8(a)), await crypto.subtle.digest('SHA-256', utf8(b))]
  return crypto.subtle.timingSafeEqual(x, y)
}
