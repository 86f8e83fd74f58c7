/** The result of `work`, or an error after so many milliseconds. The work itself is not cancelled. */
export async function withDeadline<T>(work: Promise<T>, whose: string, milliseconds: number): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | null = null
  const deadline = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${whose} did not answer within ${milliseconds} ms`)), milliseconds)
  })
  try {
    return await Promise.race([work, deadline])
  } finally {
    clearTimeout(timer)
  }
}
