import { config } from '../config.ts'
import type { NextStep } from '../core/call.ts'
import type { Child, Html } from '../lib/jsx-runtime.ts'
import type { Problem } from '../problem.ts'
import { formsOf, type Props, Refusal } from './forms.tsx'
import { Layout } from './layout.tsx'
import { loginPage } from './login.tsx'
import type { PageContext, View } from './view.tsx'

/** The next step that a refusal asks for, if a sign-in can go on. */
export function nextStepOf({ code, members: { ticket, methods } }: Problem): NextStep | undefined {
  if (code !== 'second_factor_required' && code !== 'second_factor_enrolment_required') return undefined
  const enrols = code === 'second_factor_enrolment_required'
  return { ticket: ticket as string, methods: methods as string[], enrols }
}

/** The step that a form belongs to. */
export const nextStepIn = (fields: URLSearchParams | undefined): NextStep => ({
  ticket: fields?.get('ticket') ?? '',
  methods: fields?.get('methods')?.split(' ') ?? [],
  enrols: fields?.get('enrols') === 'yes',
})

/** The page between two steps of a sign-in: the forms of the methods that come next, each declared by its feature. */
export function secondStepPage(c: PageContext, view: View, next: NextStep): Html {
  const kind = next.enrols ? 'enrol' : 'step'
  const all = c.var.registry.features.flatMap(({ entry }) => entry?.[kind] ?? [])
  const steps = all.filter(({ method }) => next.methods.includes(method))
  const { say } = view
  return (
    <Layout view={view} title={next.enrols ? say.enrolTitle : say.secondStep}>
      <p>{next.enrols ? say.enrolWhy : say.secondStepWhy}</p>
      <Refusal view={view} />
      {formsOf(view, steps, ({ form }, view) => form(view, next, config(c.env)))}
      <p class="links">
        <a href="/login">{say.startAgain}</a>
      </p>
    </Layout>
  )
}

/** Shows the step again whose form was refused, or the login if the sign-in is over. For `submitted`. */
export const stepAgain =
  (c: PageContext) =>
  (view: View, fields?: URLSearchParams): Html =>
    view.problem?.code === 'invalid_ticket' ? loginPage(c, view) : secondStepPage(c, view, nextStepIn(fields))

/** The hidden fields of such a form. The ticket is never part of an address. */
export const StepFields = ({ view, next }: Props<{ next: NextStep }>) => (
  <>
    <input type="hidden" name="keep" value={view.keeps ? 'on' : 'off'} />
    <input type="hidden" name="ticket" value={next.ticket} />
    <input type="hidden" name="methods" value={next.methods.join(' ')} />
    {next.enrols && <input type="hidden" name="enrols" value="yes" />}
  </>
)

type StepFormProps = Props<{ next: NextStep; action: string; submit: string; children?: Child }>

/** A form of one step. */
export const StepForm = ({ view, next, action, submit, children }: StepFormProps) => (
  <form method="post" action={action}>
    <StepFields view={view} next={next} />
    {view.returnTo !== undefined && <input type="hidden" name="return_to" value={view.returnTo} />}
    {children}
    <button type="submit">{submit}</button>
  </form>
)
