import type { FieldError, ProblemCode } from '../core/problem.ts'

/** A refusal of the service, by its code; `unexpected_answer` when something else answered in its place. */
export class LatchkeyError extends Error {
  override readonly name = 'LatchkeyError'
  readonly code: ProblemCode | 'unexpected_answer'
  readonly status: number
  /** What is wrong with each field, with `invalid_body`. */
  readonly errors: FieldError[]
  /** For a question to whoever runs the service: it is in their log. */
  readonly request_id: string | null
  /** Seconds after which trying again makes sense, where the service said so. */
  readonly retry_after: number | null

  constructor(answer: Response, document: ProblemDocument | undefined) {
    super(document?.title ?? `The service answered ${answer.status} in a form that is not its own.`)
    this.code = document?.code ?? 'unexpected_answer'
    this.status = answer.status
    this.errors = document?.errors ?? []
    this.request_id = answer.headers.get('X-Request-Id')
    this.retry_after = Number(answer.headers.get('Retry-After')) || null
  }
}

type ProblemDocument = { title: string; code: ProblemCode; errors?: FieldError[] }

/** The error that an answer stands for. Reads its body. */
export async function errorOf(answer: Response): Promise<LatchkeyError> {
  const isProblem = answer.headers.get('Content-Type') === 'application/problem+json'
  return new LatchkeyError(answer, isProblem ? ((await answer.json()) as ProblemDocument) : undefined)
}
