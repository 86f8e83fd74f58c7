import type { Config } from '../../config.ts'

/** Whether codes are mailed. Each mail has a link, and each code has a ticket. */
export const isOn = ({ LOGIN_CODES, PUBLIC_URL, LATCHKEY_SECRET }: Config): boolean =>
  LOGIN_CODES === 'on' && PUBLIC_URL !== undefined && LATCHKEY_SECRET !== undefined

/** Whether a code may create an account. */
export const mayRegister = ({ CODE_REGISTERS, REGISTRATION }: Config): boolean =>
  CODE_REGISTERS === 'on' && REGISTRATION === 'open'
