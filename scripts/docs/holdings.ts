import * as v from 'valibot'
import type { Answer, Held, Operation } from '../../src/openapi.ts'

/** The operation, with what the features hold about a person in the answers that give it. */
export const withHoldings = (operation: Operation, held: Held): Operation => ({
  ...operation,
  answers: Object.fromEntries(Object.entries(operation.answers).map(([status, one]) => [status, extended(one, held)])),
})

function extended(answer: Answer, held: Held): Answer {
  if (!answer.holdings) return answer
  const { entries, rest } = answer.schema as v.ObjectWithRestSchema<v.ObjectEntries, v.GenericSchema, undefined>
  const shown = <T>(read: (one: Held[string]) => T) =>
    Object.fromEntries(Object.entries(held).map(([name, one]) => [name, read(one)]))
  return {
    ...answer,
    schema: v.objectWithRest({ ...entries, ...shown(({ schema }) => schema) }, rest),
    example: { ...(answer.example as object), ...shown(({ example }) => example) },
  }
}
