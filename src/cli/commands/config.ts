import type { Command } from 'commander';
import { addCommand, addGroup, type Bind, type CommandContext, exitCodes } from '../command.ts';
import type { Problem } from '../deps.ts';
import { findGateway, httpClient } from '../gateway/control-client.ts';
import { oneLine } from '../output/text.ts';

/** `tiro config check|show` */
export function register(program: Command, bind: Bind): void {
  const group = addGroup(program, {
    name: 'config',
    summary: 'check or show the configuration',
    examples: [
      ['config check', 'is config.yaml good, and what is wrong'],
      ['config show', 'what is in force, defaults included, secrets hidden'],
    ],
  });
  addCommand(group, {
    name: 'check',
    summary: 'is config.yaml good (exit code 0) or not (78)',
    examples: [['config check --json', 'path, message and fix of each problem']],
  }).action(bind(check));
  addCommand(group, {
    name: 'show',
    summary: 'what is in force, defaults included, secrets hidden',
    examples: [['config show', 'of the running gateway; where none runs, of the file']],
  }).action(bind(show));
}

async function check(context: CommandContext): Promise<number> {
  const { print, json, home } = context;
  const checked = await home.check();
  const problems = checked.ok ? [] : checked.problems;
  const warnings = checked.ok ? checked.warnings : [];
  if (json) print.json({ ok: checked.ok, path: home.configPath, problems, warnings });
  else {
    for (const problem of problems)
      print.line(`${print.paint('bad', '✗')} ${sentence(problem, home.configPath)}`);
    for (const warning of warnings)
      print.line(`${print.paint('warn', '!')} ${sentence(warning, home.configPath)}`);
    if (checked.ok) print.line(`${print.paint('good', '✓')} ${home.configPath} is good.`);
  }
  return checked.ok ? exitCodes.done : exitCodes.badConfig;
}

async function show(context: CommandContext): Promise<number> {
  const { print, json, home, deps } = context;
  const gateway = await findGateway(deps, home);
  const shown =
    gateway === null ? await fromFile(context) : await httpClient(deps, gateway).run('config.show', {});
  if (json) print.json(shown);
  else {
    print.line(shown.yaml.trimEnd());
    for (const problem of shown.problems) print.aside(`${print.paint('bad', '✗')} ${oneLine(problem)}`);
  }
  return shown.yaml === '' && shown.problems.length > 0 ? exitCodes.badConfig : exitCodes.done;
}

async function fromFile({
  home,
}: CommandContext): Promise<{ path: string; yaml: string; problems: string[] }> {
  const checked = await home.check();
  const path = home.configPath;
  if (checked.ok) return { path, yaml: checked.yaml, problems: [] };
  return { path, yaml: '', problems: checked.problems.map((problem) => sentence(problem, path)) };
}

/** A problem on one line; '' as its path is the file as a whole. */
export function sentence({ path, message, fix }: Problem, file: string): string {
  return oneLine(`${path === '' ? file : path} ${message}. ${fix}`);
}
