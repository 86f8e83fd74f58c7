const ANSWER = JSON.stringify({ message: 'You are signed in.', user_id: 1 })

/** What workerd itself costs: it looks whether there is a token, and checks nothing. */
export default {
  fetch(request: Request): Response {
    if (!request.headers.has('Authorization')) return new Response(null, { status: 401 })
    return new Response(ANSWER, { headers: { 'Content-Type': 'application/json' } })
  },
}
