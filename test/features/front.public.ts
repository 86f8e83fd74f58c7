/** Routes that strangers may use. Whoever adds a line here says why in the review. */
export const strangers = ['GET /'] // a redirect
