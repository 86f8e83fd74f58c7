export type Judgement =
  | { verdict: 'accepted'; format: string }
  | { verdict: 'no_password' }
  | { verdict: 'refused'; reason: string; format?: string }

export function judgeHash(text: string | null): Judgement {
  if (text === null || text.startsWith('!') || text === '') return { verdict: 'no_password' }
  return /^\$2[aby]\$(0[4-9]|1[0-6])\$[./A-Za-z0-9]{53}$/.test(text)
    ? { verdict: 'accepted', format: 'bcrypt' }
    : { verdict: 'refused', reason: 'unsupported' }
}

export type FirebaseParts = {
  mem_cost: number
  rounds: number
  signer_key: string
  salt_separator: string
  salt: string
  password_hash: string
}

export function firebaseHash(parts: FirebaseParts): string {
  return JSON.stringify(parts)
}
