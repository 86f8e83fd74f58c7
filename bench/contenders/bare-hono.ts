import { Hono } from 'hono'

/** One route of Hono. It looks whether there is a token, and checks nothing. */
export default new Hono()
  .get('/health', (c) => c.json({ status: 'ok' }))
  .post('/action', (c) => {
    if (!c.req.header('Authorization')) return c.body(null, 401)
    return c.json({ message: 'You are signed in.', user_id: 1 })
  })
