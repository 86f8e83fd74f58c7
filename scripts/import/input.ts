import { closeSync, fstatSync, openSync, readSync } from 'node:fs'

const BLOCK_BYTES = 256 * 1024

/** Characters. A longer value, line or record is refused: no row of users is that long. */
export const MAX_LENGTH = 1024 * 1024

/** Characters that are kept at each end of a text that is too long. */
const END_LENGTH = 16 * 1024

/** Puts a text together. Of one that is longer than MAX_LENGTH only the two ends are kept. */
export class Pieces {
  #text = ''
  #isTooLong = false
  #end = ''

  add(piece: string): void {
    if (this.#isTooLong) this.#end = (this.#end + piece).slice(-END_LENGTH)
    else if (this.#text.length + piece.length <= MAX_LENGTH) this.#text += piece
    else {
      this.#isTooLong = true
      this.#end = piece.slice(-END_LENGTH)
      this.#text = (this.#text + piece).slice(0, END_LENGTH)
    }
  }

  /** Undefined if it is too long. */
  get whole(): string | undefined {
    return this.#isTooLong ? undefined : this.#text
  }

  get ends(): string {
    return this.#isTooLong ? `${this.#text}\n${this.#end}` : this.#text
  }
}

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
  /** What was read and not yet dropped. `at` is where the reader stands in it. */
  window = ''
  at = 0
  /** What ends a line. */
  newline = '\n'
  #line = 1
  #counted = 0
  #mark: { at: number; line: number } | undefined
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
    if (this.#mark && this.at - this.#mark.at > MAX_LENGTH) this.#mark = undefined
    const kept = this.#mark?.at ?? this.at
    this.window = this.window.slice(kept) + added
    this.at = this.#counted = this.at - kept
    if (this.#mark) this.#mark.at = 0
    return !this.#ended || added !== ''
  }

  /** Remembers where the reader stands, for `back`. */
  mark(): void {
    this.#mark = { at: this.at, line: this.line }
  }

  /** Goes back to the mark. False if that is more than MAX_LENGTH behind. */
  back(): boolean {
    if (!this.#mark) return false
    this.at = this.#counted = this.#mark.at
    this.#line = this.#mark.line
    return true
  }

  /** The number of the line that `at` is on, from 1. */
  get line(): number {
    for (let end = this.window.indexOf(this.newline, this.#counted); end >= 0 && end < this.at;) {
      this.#line++
      this.#counted = end + 1
      end = this.window.indexOf(this.newline, this.#counted)
    }
    return this.#line
  }

  /** The character `ahead` of where the reader stands, or '' at the end. */
  peek(ahead = 0): string {
    while (this.at + ahead >= this.window.length) if (!this.more()) return ''
    return this.window[this.at + ahead]!
  }

  /**
   * Takes what comes before `end`, and steps over `end`. `text` is undefined if that is longer than MAX_LENGTH: only its
   * `ends` were kept. `closed` is false if the file ended first.
   */
  until(end: string): { text: string | undefined; ends: string; closed: boolean } {
    const text = new Pieces()
    for (;;) {
      const found = this.window.indexOf(end, this.at)
      // The end itself may be cut by the end of the window.
      const stop = found >= 0 ? found : Math.max(this.at, this.window.length - end.length + 1)
      text.add(this.window.slice(this.at, stop))
      this.at = stop
      if (found >= 0) {
        this.at += end.length
        return { text: text.whole, ends: text.ends, closed: true }
      }
      if (!this.more()) {
        text.add(this.window.slice(this.at))
        this.at = this.window.length
        return { text: text.whole, ends: text.ends, closed: false }
      }
    }
  }

  /**
   * Takes the characters from here on that `set` matches, and adds them to `text`. `set` is one class of characters with a
   * star and the flag y. Undefined if the text becomes longer than MAX_LENGTH.
   */
  take(set: RegExp, text = new Pieces()): string | undefined {
    do {
      set.lastIndex = this.at
      const found = set.exec(this.window)?.[0] ?? ''
      this.at += found.length
      text.add(found)
    } while (this.at === this.window.length && this.more())
    return text.whole
  }
}
