import type { FieldError, ProblemCode } from '../problem.ts'

/**
 * An error response of the service, identified by `code`. The code is `unexpected_answer` if something else responded.
 */
export class LatchkeyError extends Error {
  override readonly name = 'LatchkeyError'
  readonly code: ProblemCode | 'unexpected_answer'
  readonly status: number
  /** For `invalid_body`: what is wrong with each field. */
  readonly errors: FieldError[]
  /** Name it when you ask the operator: the service logs it. */
  readonly request_id: string | null
  /** Seconds to wait before a retry, if the service named them. */
  readonly retry_after: number | null
  /** For `second_factor_required` and `second_factor_enrolment_required`: the ticket of the next step. */
  readonly ticket: string | null
  /** The names of the methods that the next step takes. */
  readonly methods: string[]
  /** Seconds in which the sign-in has to end. */
  readonly expires_in: number | null

  constructor(answer: Response, document: ProblemDocument | undefined) {
    super(document?.title ?? `The service answered ${answer.status} in a form that is not its own.`)
    this.code = document?.code ?? 'unexpected_answer'
    this.status = answer.status
    this.errors = document?.errors ?? []
    this.request_id = answer.headers.get('X-Request-Id')
    this.retry_after = Number(answer.headers.get('Retry-After')) || null
    this.ticket = document?.ticket ?? null
    this.methods = document?.methods ?? []
    this.expires_in = document?.expires_in ?? null
  }
}

type ProblemDocument = {
  title: string
  code: ProblemCode
  errors?: FieldError[]
  ticket?: string
  methods?: string[]
  expires_in?: number
}

/** Converts an error response into an error. Reads the body. */
export async function errorOf(answer: Response): Promise<LatchkeyError> {
  const isProblem = answer.headers.get('Content-Type') === 'application/problem+json'
  return new LatchkeyError(answer, isProblem ? ((await answer.json()) as ProblemDocument) : undefined)
}
