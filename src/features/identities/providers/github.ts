import { member, named, type Provider, text } from './provider.ts'

const ISSUER = 'https://github.com/login/oauth'

/** OAuth 2.0. The number of an account stays; its name may later be somebody else's. */
export const github: Provider = {
  name: 'github',
  brand: named('GitHub'),
  button: { ko: 'GitHub로 로그인' },
  server: (at) => ({
    issuer: at(ISSUER),
    authorization_endpoint: at(`${ISSUER}/authorize`),
    token_endpoint: at(`${ISSUER}/access_token`),
  }),
  api: 'https://api.github.com',
  scope: 'read:user user:email',
  client: ({ GITHUB_CLIENT_ID }) => ({ client_id: GITHUB_CLIENT_ID! }),
  secret: ({ GITHUB_CLIENT_SECRET }) => GITHUB_CLIENT_SECRET!,
  profile: async ({ issuer, read }) => {
    const user = await read('/user')
    const id = member(user, 'id')
    if (!Number.isSafeInteger(id)) throw new Error('The user has no number.')
    const emails = await read('/user/emails')
    const primary = Array.isArray(emails)
      ? emails.find((entry: unknown) => member(entry, 'primary') === true)
      : undefined
    const email = text(member(primary, 'email'))
    const isReal = email !== undefined && !/@users\.noreply\.github\.com$/i.test(email)
    const vouched = isReal && member(primary, 'verified') === true
    return {
      issuer,
      subject: String(id),
      email: isReal ? email : undefined,
      vouched,
      name: text(member(user, 'login')),
    }
  },
}
