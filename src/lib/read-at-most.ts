/**
 * The body of an answer of another service. No more than so many bytes are read, whatever the answer says of its length.
 * @throws Error if it is longer
 */
export async function readAtMost({ body }: Response, bytes: number): Promise<Blob> {
  const reader = body?.getReader()
  const parts: Uint8Array<ArrayBuffer>[] = []
  for (let size = 0; ;) {
    const value = (await reader?.read())?.value as Uint8Array<ArrayBuffer> | undefined
    if (value === undefined) return new Blob(parts)
    size += value.byteLength
    if (size > bytes) {
      await reader?.cancel()
      throw new Error(`It answered more than ${bytes} bytes.`)
    }
    parts.push(value)
  }
}
