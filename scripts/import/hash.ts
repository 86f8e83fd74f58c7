export type HashVerdict = { accepted: string } | { refused: string } | { none: true }

export function judge(text: string): HashVerdict {
  if (text.startsWith('!') || text === '') return { none: true }
  return /^\$2[aby]\$(0[4-9]|1[0-6])\$[./A-Za-z0-9]{53}$/.test(text)
    ? { accepted: 'bcrypt' }
    : { refused: 'unsupported' }
}
