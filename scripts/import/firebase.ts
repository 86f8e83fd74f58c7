import type { FirebaseParts } from '../../src/core/passwords/hashes/index.ts'
import { UnreadableFile } from './rows.ts'

/** What all users of a project have in common. The signer key is a secret. */
export type FirebaseProject = Omit<FirebaseParts, 'salt' | 'password_hash'>

/** Reads `hash_config { algorithm: SCRYPT, base64_signer_key: ..., ... }`, as the console shows it. @throws UnreadableFile */
export function firebaseProject(config: string): FirebaseProject {
  const value = (name: string) => new RegExp(`\\b${name}\\b["']?\\s*[:=]\\s*["']?([\\w+/=-]+)`).exec(config)?.[1]
  const [signer_key, salt_separator] = [value('base64_signer_key'), value('base64_salt_separator')]
  const [rounds, mem_cost] = [Number(value('rounds')), Number(value('mem_cost'))]
  if (value('algorithm') !== 'SCRYPT' || !signer_key || !salt_separator || !(rounds > 0) || !(mem_cost > 0)) {
    throw new UnreadableFile('That is not the hash_config of a Firebase project: its console shows it under Users.')
  }
  return { signer_key, salt_separator, rounds, mem_cost }
}
