import { closeSync, fstatSync, openSync, readSync } from 'node:fs'

const BLOCK_BYTES = 256 * 1024

/** Characters. A value, a line or a record above this is refused: nobody's row of users is that long. */
export const MAX_LENGTH = 1024 * 1024

/** A file that is read once, block by block, so that its size does not matter. */
export class Blocks {
  readonly size: number
  bytesRead = 0
  readonly #fd: number
  readonly #blockBytes: number

  constructor(path: string, blockBytes = BLOCK_BYTES) {
    this.#blockBytes = blockBytes
    this.#fd = openSync(path, 'r')
    this.size = fstatSync(this.#fd).size
  }

  /** Undefined at the end. */
  next(): Buffer | undefined {
    const block = Buffer.allocUnsafe(this.#blockBytes)
    const length = readSync(this.#fd, block)
    this.bytesRead += length
    return length === 0 ? undefined : block.subarray(0, length)
  }

  close(): void {
    closeSync(this.#fd)
  }
}

/**
 * The text of a file, a window at a time. Bytes that are not UTF-8 become U+FFFD: names in another encoding do no harm,
 * and an address or a hash with that character is refused by its own rules.
 */
export class Text {
  /** What was read and not yet dropped; `at` is where the reader stands in it. */
  window = ''
  at = 0
  #line = 1
  #counted = 0
  readonly #blocks: Blocks
  readonly #decoder = new TextDecoder()
  #ended = false

  constructor(blocks: Blocks) {
    this.#blocks = blocks
  }

  /** Drops what stands before `at`, and appends another block. False at the end of the file. */
  more(): boolean {
    if (this.#ended) return false
    void this.line
    const block = this.#blocks.next()
    this.#ended = block === undefined
    const added = block ? this.#decoder.decode(block, { stream: true }) : this.#decoder.decode()
    this.window = this.window.slice(this.at) + added
    this.at = this.#counted = 0
    return !this.#ended || added !== ''
  }

  /** The number of the line that `at` is on, from 1. */
  get line(): number {
    for (let end = this.window.indexOf('\n', this.#counted); end >= 0 && end < this.at;) {
      this.#line++
      this.#counted = end + 1
      end = this.window.indexOf('\n', this.#counted)
    }
    return this.#line
  }

  /** The character `ahead` of where the reader stands, or '' at the end. */
  peek(ahead = 0): string {
    while (this.at + ahead >= this.window.length) if (!this.more()) return ''
    return this.window[this.at + ahead]!
  }

  /**
   * What comes before `end`, and steps over `end`. `undefined` where that is longer than MAX_LENGTH: it was skipped.
   * `closed` is false where the file ended first.
   */
  until(end: string): { text: string | undefined; closed: boolean } {
    let [text, tooLong]: [string, boolean] = ['', false]
    for (;;) {
      const found = this.window.indexOf(end, this.at)
      // The end itself may be cut by the end of the window.
      const stop = found >= 0 ? found : Math.max(this.at, this.window.length - end.length + 1)
      tooLong ||= text.length + stop - this.at > MAX_LENGTH
      text = tooLong ? '' : text + this.window.slice(this.at, stop)
      this.at = stop
      if (found >= 0) {
        this.at += end.length
        return { text: tooLong ? undefined : text, closed: true }
      }
      if (!this.more()) {
        text += this.window.slice(this.at)
        this.at = this.window.length
        return { text: tooLong ? undefined : text, closed: false }
      }
    }
  }

  /**
   * The characters from here on that `set` matches, which is one class with a star and the flag y. `undefined` where they
   * are more than MAX_LENGTH: they were skipped.
   */
  take(set: RegExp): string | undefined {
    let [text, tooLong]: [string, boolean] = ['', false]
    do {
      set.lastIndex = this.at
      const found = set.exec(this.window)?.[0] ?? ''
      this.at += found.length
      tooLong ||= text.length + found.length > MAX_LENGTH
      text = tooLong ? '' : text + found
    } while (this.at === this.window.length && this.more())
    return tooLong ? undefined : text
  }
}
