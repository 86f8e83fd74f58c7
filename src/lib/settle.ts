/** Waits for work whose failure must not undo what has been done already; the failure is logged under `code`. */
export async function settle(work: Promise<unknown>, code: string): Promise<void> {
  await work.catch((error: unknown) => {
    console.error(JSON.stringify({ level: 'error', code, reason: String(error).slice(0, 200) }))
  })
}
