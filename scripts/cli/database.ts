import { withLocalD1 } from '../local.ts'
import { migrateLocal } from '../migrations.ts'
import { diskFull } from './disk.ts'
import { note } from './output.ts'
import { patientD1 } from './patient-d1.ts'
import { wranglerD1 } from './wrangler-d1.ts'

/** Lends the deployed database, or the local one. The local one first gets the migrations that it lacks, as in `npm run dev`. */
export function openDatabase<T>(remote: boolean, persistTo: string, use: (db: D1Database) => Promise<T>): Promise<T> {
  if (remote) return use(wranglerD1(['--remote']))
  return withLocalD1(persistTo, async (local, all) => {
    const db = patientD1(local)
    await migrateLocal(all, persistTo, note)
    return use(db)
  }).catch((error: unknown) => {
    throw diskFull(error, persistTo)
  })
}
