import type { Command } from './command.ts'
import { adminCreate } from './admin-create.ts'
import { audit } from './audit.ts'
import { clientsCreate, clientsDelete, clientsList, clientsRotateSecret, clientsShow } from './clients.ts'
import { doctor } from './doctor.ts'
import { exportCommand } from './export.ts'
import { importCommand } from './import.ts'
import { secretRotate } from './secret-rotate.ts'
import { secretRotateSigning } from './secret-rotate-signing.ts'
import { usersCreate } from './users-create.ts'
import { usersDelete } from './users-delete.ts'
import { usersFactors, usersFactorsRemove } from './users-factors.ts'
import { usersList } from './users-list.ts'
import { usersRoles } from './users-roles.ts'
import { usersShow } from './users-show.ts'
import { usersDisable, usersEnable, usersRevoke } from './users-state.ts'

/** Every command there is, in the order in which help lists them. */
export const commands: Command[] = [
  adminCreate,
  usersCreate,
  usersList,
  usersShow,
  usersDisable,
  usersEnable,
  usersRevoke,
  usersRoles,
  usersFactors,
  usersFactorsRemove,
  usersDelete,
  clientsCreate,
  clientsList,
  clientsShow,
  clientsRotateSecret,
  clientsDelete,
  importCommand,
  exportCommand,
  audit,
  secretRotate,
  secretRotateSigning,
  doctor,
]
