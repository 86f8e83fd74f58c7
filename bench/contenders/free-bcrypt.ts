/**
 * Takes the place of `bcryptjs` where everything but the hash is to be measured: any password matches the hash that
 * ends with it. Both Latchkey and better-auth are bundled with it then, and nothing else in them is changed.
 */
const same = (password: string, hash: string): boolean => hash.endsWith(password)

export default {
  compare: (password: string, hash: string): Promise<boolean> => Promise.resolve(same(password, hash)),
  compareSync: same,
  hash: (password: string, cost: number): Promise<string> =>
    Promise.resolve(`$2b$${String(cost).padStart(2, '0')}$${password.padStart(53, '.')}`),
}
