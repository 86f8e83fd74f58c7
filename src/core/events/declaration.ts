/**
 * Events by name. `type`: the webhook's name for the event, if the trigger in the schema publishes it. `reasons`: why
 * the action failed or had another result. They are private: a reason may say what the response must not.
 */
export type Events = Record<string, { type?: string; reasons?: readonly string[] }>

/** The names of the events that the webhook publishes. */
export const publishedBy = (owners: readonly { events?: Events }[]): ReadonlySet<string> =>
  new Set(owners.flatMap(({ events = {} }) => Object.keys(events).filter((name) => events[name]?.type !== undefined)))
