import type { Command } from 'commander';
import type { StatusReport } from '#control/surface.ts';
import { addCommand, type Bind, type CommandContext, exitCodes } from '../command.ts';
import { formatAge, formatBytes, formatCounts, formatUsd } from '../output/format.ts';
import { oneLine } from '../output/text.ts';

/** `tiro status`: exit code 0 where a gateway runs and is ready, 69 where not. */
export function register(program: Command, bind: Bind): void {
  addCommand(program, {
    name: 'status',
    summary: 'how the gateway is doing (exit code 0: running and ready, 69: not)',
    examples: [
      ['status', 'model, channels, queues, cost of today'],
      ['status --json', 'the same for a monitor'],
    ],
  }).action(bind(status));
}

async function status(context: CommandContext): Promise<number> {
  const { print, json } = context;
  const { report, isRunning } = await context.withControl(async (client) => ({
    report: await client.run('status', {}),
    isRunning: client.gateway !== null,
  }));
  if (json) print.json({ running: isRunning, ...report });
  else printStatus(context, report, isRunning);
  return isRunning && report.ready ? exitCodes.done : exitCodes.unavailable;
}

function printStatus({ print, deps }: CommandContext, report: StatusReport, isRunning: boolean): void {
  print.fields([
    ['gateway', stateOf()],
    ['version', report.version],
    ['home', report.home],
    ['model', report.demo ? `${report.model} (the demo: no AI; set one up with tiro init)` : report.model],
    ['messages', formatCounts(report.events)],
    ['turns', formatCounts(report.turns)],
    ['outbox', formatCounts(report.outbox)],
    [
      'approvals',
      report.pendingApprovals === 0 ? 'none wait' : `${report.pendingApprovals} wait: tiro approvals`,
    ],
    ['spent today', formatUsd(report.spentTodayUsd)],
    ...(isRunning
      ? ([
          ['memory', formatBytes(report.rssBytes)],
          ['event loop p99', `${report.eventLoopP99Ms.toFixed(1)} ms`],
        ] as const)
      : []),
  ]);
  if (report.channels.length === 0) return;
  print.line('');
  const now = deps.clock.now();
  const rows = report.channels.map(({ name, state, since, why }) => [
    name,
    state,
    formatAge(since, now),
    why,
  ]);
  print.table(['CHANNEL', 'STATE', 'SINCE', 'WHY'], rows);

  function stateOf(): string {
    if (!isRunning) return print.paint('bad', 'does not run here; start it with: tiro start');
    const since = `since ${formatAge(report.startedAt, deps.clock.now())}`;
    if (report.ready) return `${print.paint('good', 'ready')}, ${since}`;
    return `${print.paint('bad', 'not ready')}: ${oneLine(report.notReady.join('; '))}; ${since}`;
  }
}
