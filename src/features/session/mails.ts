import { sessionReplayed } from '../../core/sessions/refreshed.ts'

export const mails = { sessionReplayed }
