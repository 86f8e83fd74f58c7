import { utf8 } from './bytes.ts'

/** Compares two secrets in a time that tells nothing about either, their length included. */
export async function isSameSecret(a: string, b: string): Promise<boolean> {
  const [x, y] = [await crypto.subtle.digest('SHA-256', utf8(a)), await crypto.subtle.digest('SHA-256', utf8(b))]
  return crypto.subtle.timingSafeEqual(x, y)
}
