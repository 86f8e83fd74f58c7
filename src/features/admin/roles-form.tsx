import { ADMIN, SUPPORT } from '../../core/users/roles.ts'
import { check } from '../../http/body.ts'
import { Form, type Props } from '../../pages/forms.tsx'
import { Text } from './console.tsx'
import { rolesBody } from './parameters.ts'
import { words } from './words.ts'

/** What stands before a role in the name of its box. */
const BOX = 'role.'

/** The roles in such a form: those that are ticked, and those that are typed. @throws Problem 422 `invalid_body` */
export const rolesIn = (fields: URLSearchParams): string[] =>
  check(rolesBody, { roles: [...new Set([...tickedIn(fields), ...typedIn(fields).split(/[\s,]+/)])].filter(Boolean) })
    .roles

const typedIn = (fields: URLSearchParams): string => fields.get('roles') ?? ''
const tickedIn = (fields: URLSearchParams): string[] =>
  [...fields.keys()].filter((name) => name.startsWith(BOX)).map((name) => name.slice(BOX.length))

type RolesProps = Props<{
  /** The roles that are offered, beside those of this service. */
  known?: string[]
  has?: string[]
  /** What was sent, if it was refused. */
  fields?: URLSearchParams | undefined
}>

/** Boxes for the roles that are known, and a field for others. */
export const Roles = ({ view, known = [], has = [], fields }: RolesProps) => {
  const say = words[view.language]
  const ticked = fields ? tickedIn(fields) : has
  const means: Record<string, string> = { [ADMIN]: say.adminMay, [SUPPORT]: say.supportMay }
  return (
    <>
      <fieldset>
        <legend>{say.roles}</legend>
        {[...new Set([ADMIN, SUPPORT, ...known, ...ticked])].map((role) => (
          <label class="check">
            <input type="checkbox" name={BOX + role} checked={ticked.includes(role)} />
            <span>
              {role} {Object.hasOwn(means, role) && <span class="soft">{means[role]}</span>}
            </span>
          </label>
        ))}
      </fieldset>
      <Text view={view} name="roles" value={fields && typedIn(fields)} hint={say.rolesHint} />
    </>
  )
}

export const RolesForm = ({ view, ...roles }: RolesProps) => (
  <section>
    <Form view={view} action={view.path} submit={words[view.language].setRoles}>
      <input type="hidden" name="do" value="roles" />
      <Roles view={view} {...roles} />
    </Form>
  </section>
)
