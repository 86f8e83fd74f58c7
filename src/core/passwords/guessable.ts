/**
 * Whether a password is of a kind that guessers try first: repetitions, rows of keys, letters or digits, a date, or a
 * common or personal word, once or twice, with something short around it. The rules are our own, because a strength
 * estimator is larger than the whole service (zxcvbn is 400 kB gzipped). What they miss is left to the list of common
 * passwords and to the breach check.
 */
export function isGuessable(password: string, known: string[]): boolean {
  const text = password.normalize('NFKC').toLowerCase()
  const bare = withoutSigns(text)
  const left = withoutWords(text, known)
  return (
    [text, unshifted(text)].some(isSimple) ||
    (bare.length >= FEW_SIGNS_BESIDE && isSimple(bare)) ||
    (left !== text && isDressing(left)) ||
    [text, bare].some((variant) => isDressedWord(parted(variant), known))
  )
}

/** The word inside a decorated password, if it is long enough to be in the list of common passwords. */
export function dressedWord(password: string): string | undefined {
  const text = password.normalize('NFKC').toLowerCase()
  const { core, rest } = parted(withoutSigns(text))
  return core !== text && isDressing(rest) && /^[a-z]{8,}$/.test(core) ? once(core) : undefined
}

/** Characters. Removing signs reveals a simple text only if the rest is at least this long. */
const FEW_SIGNS_BESIDE = 6

/** Characters. From this length on, two different words are a phrase. */
const PHRASE_LENGTH = 16

function isDressedWord({ core, rest }: Parted, known: string[]): boolean {
  if (!isDressing(rest)) return false
  const word = once(plain(core))
  if (WORDS.has(word) || known.includes(word) || (core.length <= 3 && isDate(digitsIn(rest)))) return true
  const left = withoutWords(word, [...WORDS, ...known])
  return core.length < PHRASE_LENGTH && left !== word && left.length <= 2
}

/**
 * Words that people build passwords on most often, and that are too short to be passwords by themselves. The last four
 * are Korean words as typed on an English keyboard layout.
 */
const WORDS = new Set(
  (
    'access admin administrator amanda andrew angel apple april ashley august autumn batman buster changeme charlie ' +
    'computer daniel december default dragon family february flower football freedom friend ginger google guest hallo ' +
    'hello hunter iloveyou india internet january jennifer jessica jesus jordan joshua july june kakao killer kimchi ' +
    'korea letmein login london love lovely magic manager march master matrix matthew michael mobile monday monkey ' +
    'mustang naver nicole november october office orange pass passwd password pepper phone pokemon princess qwerty ' +
    'robert root samsung secret seoul september shadow soccer spring starwars summer sunday sunshine superman support ' +
    'sweet system temp test tester thomas tigger trustno user welcome winter zaq ' +
    '비밀번호 사랑해 대한민국 안녕 qlalfqjsgh tkfkdgo eogksalsrnr dkssud'
  ).split(' '),
)

const ROWS = ['01234567890', 'abcdefghijklmnopqrstuvwxyz', 'qwertyuiop', 'asdfghjkl', 'zxcvbnm']
const COLUMNS = ['1qaz', '2wsx', '3edc', '4rfv', '5tgb', '6yhn', '7ujm']
const BOTH_WAYS = [...ROWS, ...COLUMNS].flatMap((row) => [row, Array.from(row).toReversed().join('')])

/** A text made of at most this many pieces is one or two ideas. */
const FEW_PIECES = 3

const isSimple = (text: string): boolean =>
  new Set(text).size <= 2 ||
  [1, 2, 3, 4].some((period) => isPeriodic(text, period)) ||
  piecesOf(text) <= FEW_PIECES ||
  isDate(text) ||
  piecesOf(everySecond(text, 0)) + piecesOf(everySecond(text, 1)) <= 2

const everySecond = (text: string, from: 0 | 1): string =>
  Array.from(text)
    .filter((_, i) => i % 2 === from)
    .join('')

const isPeriodic = (text: string, period: number): boolean =>
  text.length >= 2 * period && text.slice(period) === text.slice(0, -period)

/** How many rows, repetitions and single characters a text consists of. */
function piecesOf(text: string): number {
  let pieces = 0
  for (let at = 0; at < text.length; at += runAt(text, at)) pieces++
  return pieces
}

/** The length of the run that begins here, along a row or of the same character; 1 if it is shorter than three. */
function runAt(text: string, at: number): number {
  let length = 1
  const goesOn = () => {
    const run = text.slice(at, at + length + 1)
    return run.length > length && (BOTH_WAYS.some((row) => row.includes(run)) || new Set(run).size === 1)
  }
  while (goesOn()) length++
  return length >= 3 ? length : 1
}

/** True for a few characters, one or two rows, or a year or date with a few signs. */
function isDressing(text: string): boolean {
  if (text.length <= 3 || piecesOf(text) <= 2) return true
  const digits = digitsIn(text)
  const isFew = digits.length <= 4 || isDate(digits) || piecesOf(digits) <= 2
  return isFew && text.length - digits.length <= 3 && digits === withoutSigns(text)
}

const isDate = (digits: string): boolean => /^(?:(?:19|20)\d{6}|\d{4}(?:19|20)\d\d)$/.test(digits)

const digitsIn = (text: string): string => text.replaceAll(/\D/g, '')

const withoutSigns = (text: string): string => text.replaceAll(/[!-/:-@[-`{-~]/g, '')

/** The text with each shifted sign replaced by the digit on its key. */
const unshifted = (text: string): string =>
  text.replaceAll(/[!@#$%^&*()]/g, (sign) => '1234567890'['!@#$%^&*()'.indexOf(sign)]!)

/** A doubled word, once. */
const once = (word: string): string => word.replace(/^(.+) ?\1$/su, '$1')

type Parted = { core: string; rest: string }

/** Splits a text into a word and the characters around it that are not letters. */
function parted(text: string): Parted {
  const [, before = '', core = '', after = ''] = /^([^\p{L}]*)(.*?)([^\p{L}]*)$/su.exec(text) ?? []
  return { core, rest: before + after }
}

/** The text without the given words, the longest removed first. */
const withoutWords = (text: string, words: string[]): string =>
  words
    .filter((word) => word.length >= 3)
    .sort((a, b) => b.length - a.length)
    .reduce((left, word) => left.replaceAll(word, ''), text)

const SIGNS: Record<string, string> = { 0: 'o', 1: 'i', 3: 'e', 4: 'a', 5: 's', 7: 't', '@': 'a', $: 's', '!': 'i' }

/** The word with common substitutions ("0" for "o") undone. */
const plain = (word: string): string => word.replaceAll(/[013457@$!]/g, (sign) => SIGNS[sign] ?? sign)
