import { command, noArguments, Refusal } from './command.ts'
import { checkups } from './checkups.ts'
import { columns, printJson, printText } from './output.ts'

export const doctor = command({
  name: 'doctor',
  summary: 'Check tools, secrets, the database and, with --url or --remote, the deployed service',
  usage: '[--remote] [--url https://login.example.com]',
  options: { url: { type: 'string', help: 'the address of a running service' } },
  async run({ positionals, values: { url } }, context) {
    noArguments(positionals)
    const findings = await checkups(context, url)
    if (context.json) findings.forEach(printJson)
    else printText(columns(findings.map(({ level, about, text }) => [level, about, text])))
    const failed = findings.filter(({ level }) => level === 'fail').length
    if (failed > 0) throw new Refusal(`${failed} of ${findings.length} checks failed.`)
  },
})
