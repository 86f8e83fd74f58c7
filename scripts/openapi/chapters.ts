import { actionChapter } from '../../src/action.openapi.ts'
import { accountChapter } from '../../src/features/account/openapi.ts'
import { adminChapter } from '../../src/features/admin/openapi.ts'
import { devicesChapter } from '../../src/features/devices/openapi.ts'
import { emailChapter } from '../../src/features/email/openapi.ts'
import { healthChapter } from '../../src/features/health/openapi.ts'
import { loginChapter } from '../../src/features/login/openapi.ts'
import { passwordChapter } from '../../src/features/password/openapi.ts'
import { registerChapter } from '../../src/features/register/openapi.ts'
import { revokedChapter } from '../../src/features/revoked/openapi.ts'
import { sessionChapter } from '../../src/features/session/openapi.ts'
import type { Chapter } from '../../src/http/openapi.ts'

/** What the contract says about each route, in the order of a reader. */
export const chapters: Chapter[] = [
  loginChapter,
  sessionChapter,
  registerChapter,
  passwordChapter,
  emailChapter,
  accountChapter,
  devicesChapter,
  actionChapter,
  adminChapter,
  revokedChapter,
  healthChapter,
]
