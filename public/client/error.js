export class LatchkeyError extends Error {
    name = 'LatchkeyError';
    code;
    status;
    errors;
    request_id;
    retry_after;
    ticket;
    methods;
    expires_in;
    constructor(answer, document) {
        super(document?.title ?? `The service answered ${answer.status} in a form that is not its own.`);
        this.code = document?.code ?? 'unexpected_answer';
        this.status = answer.status;
        this.errors = document?.errors ?? [];
        this.request_id = answer.headers.get('X-Request-Id');
        this.retry_after = Number(answer.headers.get('Retry-After')) || null;
        this.ticket = document?.ticket ?? null;
        this.methods = document?.methods ?? [];
        this.expires_in = document?.expires_in ?? null;
    }
}
export async function errorOf(answer) {
    const isProblem = answer.headers.get('Content-Type') === 'application/problem+json';
    return new LatchkeyError(answer, isProblem ? (await answer.json()) : undefined);
}
