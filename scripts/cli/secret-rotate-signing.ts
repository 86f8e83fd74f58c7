import { join, resolve } from 'node:path'
import { unstable_readConfig } from 'wrangler'
import * as v from 'valibot'
import { signingKeys, type SigningJwk } from '../../src/setting-types.ts'
import { settings } from '../../src/config.ts'
import { ROOT } from '../local.ts'
import { newSigningKeys, nextStep, type Step } from '../signing-keys.ts'
import { command, noArguments, Refusal } from './command.ts'
import { note, printText, printJson } from './output.ts'
import { askSecret } from './prompt.ts'
import { linesIn, replaceIn, valueIn } from './secrets-file.ts'

export const secretRotateSigning = command({
  name: 'secret rotate signing',
  summary: 'Make the SIGNING_KEYS, or take the next of the three steps that replace them',
  usage: '[--file .dev.vars] [--force] | --remote [--force] | --print',
  options: {
    file: { type: 'string', help: 'the file with the local secrets (.dev.vars)' },
    force: {
      type: 'boolean',
      help: 'do not wait until verifiers know the next keys, or until the last token has expired',
    },
    print: { type: 'boolean', help: 'only print fresh keys: for the first time, or where a key has leaked' },
  },
  async run({ positionals, values: { file, force, print } }, { remote, json, now }) {
    noArguments(positionals)
    if (print === true) return printText(JSON.stringify(newSigningKeys()))
    const path = resolve(file ?? join(ROOT, '.dev.vars'))
    const lines = remote ? [] : linesIn(path)
    const old = remote ? await askSecret('SIGNING_KEYS') : valueIn(lines, 'SIGNING_KEYS')
    const step = nextStep(keysIn(old), now, lifetime())
    if (force !== true && now < step.due) throw new Refusal(`${EARLY[step.name]} ${hours(step.due - now)}, or --force.`)
    const value = JSON.stringify(step.keys)
    if (remote) printText(value)
    else {
      replaceIn(path, lines, { SIGNING_KEYS: value })
      if (json) printJson({ name: 'SIGNING_KEYS', step: step.name })
    }
    note(`${DONE[step.name]} ${remote ? KEEP : 'Restart npm run dev.'}`)
  },
})

/** @throws Refusal */
function keysIn(text: string | undefined): SigningJwk[] {
  if (text === undefined || text === '') return []
  const read = v.safeParse(signingKeys, text.replace(/^'(.*)'$/, '$1'))
  if (!read.success) throw new Refusal(`SIGNING_KEYS is ${read.issues[0].message}: --print gives fresh ones.`)
  return read.output
}

/** Seconds: of the longest token that the settings of this project allow. */
function lifetime(): number {
  const { vars } = unstable_readConfig({ config: join(ROOT, 'wrangler.toml') })
  return v.parse(settings.entries.ACCESS_TOKEN_TTL_SECONDS, vars['ACCESS_TOKEN_TTL_SECONDS'])
}

const hours = (seconds: number): string => `Take this step in ${Math.ceil(seconds / 3600)} hours`

const EARLY: Record<Step['name'], string> = {
  created: '',
  published: '',
  switched: 'Some verifiers may not know the next keys yet.',
  removed: 'Tokens of the previous keys may still be valid.',
}

const DONE: Record<Step['name'], string> = {
  created: 'There are keys now, and they sign at once.',
  published: 'Step 1 of 3: the next keys are published, and sign nothing yet. Run this again in a day.',
  switched:
    'Step 2 of 3: the next keys sign now, and the previous ones only verify. Run this again when the last token has expired.',
  removed: 'Step 3 of 3: the previous keys are gone.',
}

const KEEP =
  'Put what was printed into npx wrangler secret put SIGNING_KEYS, and keep it: wrangler cannot read it back.'
