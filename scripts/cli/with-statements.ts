/**
 * Loaded before wrangler: takes the statements from standard input. As an argument, everybody on the machine could read
 * the password hashes in them (`ps`), and 128 KiB would be the most.
 */
import { readFileSync } from 'node:fs'

process.argv.push('--command', readFileSync(0, 'utf8'))
