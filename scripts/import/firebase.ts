import { UnreadableFile } from './rows.ts'

/** What Firebase's console shows as "Password hash parameters" of a project. The signer key is a secret. */
export type FirebaseParameters = { signerKey: string; saltSeparator: string; rounds: number; memCost: number }

/** Reads `hash_config { algorithm: SCRYPT, base64_signer_key: ..., ... }`, as the console shows it. @throws UnreadableFile */
export function firebaseParameters(config: string): FirebaseParameters {
  const value = (name: string) => new RegExp(`\\b${name}\\b["']?\\s*[:=]\\s*["']?([\\w+/=-]+)`).exec(config)?.[1]
  const [signerKey, saltSeparator] = [value('base64_signer_key'), value('base64_salt_separator')]
  const [rounds, memCost] = [Number(value('rounds')), Number(value('mem_cost'))]
  if (value('algorithm') !== 'SCRYPT' || !signerKey || !saltSeparator || !(rounds > 0) || !(memCost > 0)) {
    throw new UnreadableFile(
      'That is not the block that begins with hash_config in Firebase under Authentication, Users.',
    )
  }
  return { signerKey, saltSeparator, rounds, memCost }
}

export function firebaseHash(
  hash: string,
  salt: string,
  { signerKey, saltSeparator, rounds, memCost }: FirebaseParameters,
) {
  return `$firebase-scrypt$ln=${memCost},r=${rounds}$${salt}$${saltSeparator}$${signerKey}$${hash}`
}
