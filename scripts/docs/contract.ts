export type Json = Record<string, unknown>

/** The parts of an OpenAPI document that are written and read here. */
export type Contract = {
  openapi: string
  info: Json
  servers: { url: string; description: string }[]
  tags: { name: string }[]
  paths: Record<string, Record<string, Json>>
  components: { schemas: Json; responses: Json; securitySchemes: Json; headers: Json }
  /** Methods and paths that answer HTML, for people. */
  'x-hosted-pages': string[]
}
