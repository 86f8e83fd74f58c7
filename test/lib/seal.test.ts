import { beforeAll, describe, expect, it } from 'vitest'
import { base64url, fromBase64url } from '../../src/lib/bytes.ts'
import { seal, unseal } from '../../src/lib/seal.ts'

const newKey = async () =>
  (await crypto.subtle.generateKey({ name: 'AES-GCM', length: 256 }, false, ['encrypt', 'decrypt'])) as CryptoKey

let key: CryptoKey
let other: CryptoKey
beforeAll(async () => {
  ;[key, other] = [await newKey(), await newKey()]
})

describe('seal', () => {
  it('gives back what was sealed, and shows nothing of it', async () => {
    const sealed = await seal('a secret in 한글', key, 'mail 1')
    expect(sealed).toMatch(/^[\w-]+$/)
    expect(new TextDecoder().decode(fromBase64url(sealed))).not.toContain('secret')
    expect(await unseal(sealed, [key], 'mail 1')).toBe('a secret in 한글')
  })

  it('never seals the same text in the same way', async () => {
    const sealed = await Promise.all(Array.from({ length: 200 }, () => seal('text', key, 'mail')))
    expect(new Set(sealed.map((text) => text.slice(0, 16))).size).toBe(200)
  })

  it('opens with any key of the list, and with no other', async () => {
    const sealed = await seal('text', key, 'mail')
    expect(await unseal(sealed, [other, key], 'mail')).toBe('text')
    expect(await unseal(sealed, [other], 'mail')).toBeUndefined()
    expect(await unseal(sealed, [], 'mail')).toBeUndefined()
  })

  it('opens only what was sealed for this context', async () => {
    expect(await unseal(await seal('text', key, 'mail 1'), [key], 'mail 2')).toBeUndefined()
  })

  it('does not open what was changed anywhere, or cut', async () => {
    const bytes = fromBase64url(await seal('text', key, 'mail'))
    for (let at = 0; at < bytes.length; at++) {
      const changed = bytes.map((byte, i) => (i === at ? byte ^ 1 : byte))
      expect(await unseal(base64url(changed), [key], 'mail')).toBeUndefined()
      expect(await unseal(base64url(bytes.slice(0, at)), [key], 'mail')).toBeUndefined()
    }
  })
})
