/** Routes that never ask the database, with a request to each. */
export const withoutD1 = {
  'GET /brand.css': '/brand.css',
}
