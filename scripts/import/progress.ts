/** A line on a terminal that shows how much of the file has been read. Elsewhere nothing is shown. */
export function progressBar(progress: (rows: number) => number, stream: NodeJS.WriteStream = process.stderr) {
  const started = Date.now()
  let [rows, shown] = [0, started]
  return {
    step(): void {
      rows++
      if (!stream.isTTY || rows % 100 !== 0 || Date.now() - shown < 100) return
      shown = Date.now()
      const share = Math.min(progress(rows), 1)
      const rate = Math.round((rows / (shown - started)) * 1000)
      const bar = '#'.repeat(Math.floor(share * 24)).padEnd(24, '.')
      stream.write(
        `\r[${bar}] ${Math.floor(share * 100)} %  ${rows.toLocaleString('en')} rows  ${rate.toLocaleString('en')}/s \x1b[K`,
      )
    },
    clear(): void {
      if (stream.isTTY) stream.write('\r\x1b[K')
    },
  }
}
