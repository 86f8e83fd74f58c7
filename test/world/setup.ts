/** Runs before each test file. */
import { afterAll, afterEach, beforeEach } from 'vitest'
import { clock } from './clock.ts'
import { holdAgainstContract } from './contract.ts'

beforeEach(() => clock.stop())
afterEach(() => clock.run())

afterEach(holdAgainstContract)
afterAll(holdAgainstContract) // requests before the first test or after the last
