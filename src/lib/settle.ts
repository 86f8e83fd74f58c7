import { logError } from './log.ts'

/** Waits for work whose failure must not undo what is already done. A failure is logged under `code`. */
export async function settle(work: Promise<unknown>, code: string): Promise<void> {
  await work.catch((error: unknown) => logError(code, error))
}
