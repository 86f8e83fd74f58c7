import { sessionReplayed } from '../../core/sessions/refreshed.ts'

export const mails = { sessionReplayed }

declare module '../../core/mail/compose.ts' {
  interface DeclaredMails {
    session: typeof mails
  }
}
