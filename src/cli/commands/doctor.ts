import type { Command } from 'commander';
import { TiroError } from '#core/errors.ts';
import type { ControlSurface } from '#control/surface.ts';
import { addCommand, type Bind, type CommandContext, exitCodes } from '../command.ts';
import type { Tone } from '../output/printer.ts';
import { oneLine } from '../output/text.ts';

type Findings = ControlSurface['doctor']['output'];
type DoctorFinding = Findings[number];

interface DoctorOptions {
  readonly offline?: boolean;
}

/** `tiro doctor [--offline]`: exit code 0 without a failure, 78 where the configuration is wrong, else 69. */
export function register(program: Command, bind: Bind): void {
  addCommand(program, {
    name: 'doctor',
    summary: 'find what is wrong and how to mend it',
    examples: [
      ['doctor', 'configuration, store, model and channels, asked live'],
      ['doctor --offline', 'only what can be told without the network'],
    ],
  })
    .option('--offline', 'ask no server')
    .action(bind(doctor));
}

async function doctor(
  context: CommandContext,
  _args: readonly string[],
  options: DoctorOptions,
): Promise<number> {
  const config = await checkConfig(context);
  const isRunning = (await context.home.gateway()) !== null;
  const rest = isRunning || !config.some(isFailure) ? await checkRest(context, options.offline === true) : [];
  // A gateway that knows more of an area speaks for it.
  const areas = new Set(rest.map(({ area }) => area));
  const findings = [...config.filter(({ area }) => !areas.has(area)), ...rest];
  if (context.json) context.print.json(findings);
  else printFindings(context, findings);
  const failures = findings.filter(isFailure);
  if (failures.some(({ area }) => area === 'config')) return exitCodes.badConfig;
  return failures.length > 0 ? exitCodes.unavailable : exitCodes.done;
}

function isFailure({ level }: DoctorFinding): boolean {
  return level === 'fail';
}

async function checkConfig({ home }: CommandContext): Promise<Findings> {
  const checked = await home.check();
  const found = checked.ok ? checked.warnings : checked.problems;
  const findings = found.map(({ path, message, fix }) => ({
    area: 'config',
    level: checked.ok ? ('warn' as const) : ('fail' as const),
    what: `${path === '' ? home.configPath : path} ${message}`,
    fix,
  }));
  if (checked.ok && checked.demo) {
    const what = 'No model is configured: the demo answers, which is no AI.';
    findings.push({ area: 'config', level: 'warn', what, fix: 'Set one up with: tiro init' });
  }
  if (findings.length > 0) return findings;
  return [{ area: 'config', level: 'ok', what: `${home.configPath} is good.`, fix: null }];
}

async function checkRest(context: CommandContext, offline: boolean): Promise<Findings> {
  try {
    return await context.withControl(async (client) => {
      const findings = await client.run('doctor', { offline });
      return client.gateway === null ? [notRunning, ...findings] : findings;
    });
  } catch (error) {
    if (!(error instanceof TiroError)) throw error;
    const fix = 'Mend that first; then run tiro doctor again.';
    return [{ area: 'gateway', level: 'fail', what: error.message, fix }];
  }
}

const notRunning: DoctorFinding = {
  area: 'gateway',
  level: 'warn',
  what: 'No gateway runs for this home.',
  fix: 'Start it with: tiro start',
};

const marks = { ok: ['good', '✓'], warn: ['warn', '!'], fail: ['bad', '✗'] } as const satisfies Record<
  DoctorFinding['level'],
  readonly [Tone, string]
>;

function printFindings({ print, deps }: CommandContext, findings: Findings): void {
  for (const { level, area, what, fix } of findings) {
    const [tone, mark] = marks[level];
    const shown = deps.terminal.output ? print.paint(tone, mark) : level;
    print.line(`${shown} ${print.paint('strong', area)}: ${oneLine(what)}`);
    if (fix !== null) print.line(`    ${oneLine(fix)}`);
  }
}
