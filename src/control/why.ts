import type { Delivery } from '#core/delivery.ts';
import type { Step, StepBody } from '#core/step.ts';
import type { TurnReport } from './surface.ts';

/** What happened to a turn, in order, in plain sentences; the last ones say how it stands and what can be done. */
export function explainTurn(report: TurnReport, now: number): readonly string[] {
  const { turn, steps, deliveries } = report;
  return [
    `Turn ${turn.id} of ${turn.person} in ${turn.chat}, started ${ago(turn.startedAt, now)}.`,
    ...steps.map((step) => `${offset(step, turn.startedAt)} ${describeStep(step.body)}`),
    ...deliveries.map(describeDelivery),
    ...standing(report, now),
  ];
}

function describeStep(body: StepBody): string {
  switch (body.kind) {
    case 'input':
      return `${body.name || body.person} wrote: ${short(body.text)}`;
    case 'media':
      return body.outcome === 'unreadable'
        ? `${body.name} could not be read: ${body.content}`
        : `${body.name} was read (${body.mime})`;
    case 'reply':
      return body.toolCalls.length === 0
        ? `${body.model} answered: ${short(body.text)}`
        : `${body.model} asked for ${body.toolCalls.map((call) => call.name).join(', ')}`;
    case 'intent':
      return `${body.tool} was about to run (${body.effect}): ${short(body.arguments)}`;
    case 'result':
      return `${body.tool} → ${body.outcome}: ${short(body.content)}`;
    case 'decision':
      return `approval ${body.approval} was ${body.decision} by ${body.by}${body.reason === null ? '' : `: ${body.reason}`}`;
    case 'said':
      return `said here from another chat: ${short(body.text)}`;
    case 'notice':
      return `told the person: ${short(body.text)}`;
    case 'end':
      return `ended as ${body.status}${body.reason === null ? '' : `: ${body.reason}`}`;
  }
}

function describeDelivery(row: Delivery): string {
  const why = row.reason === null ? '' : ` (${row.reason})`;
  const repeated = row.repeated ? ', possibly repeated' : '';
  return `delivery ${row.id} (${row.body.kind}) is ${row.status}${repeated}, ${row.attempts} failed attempts${why}`;
}

function standing({ turn, deliveries }: TurnReport, now: number): readonly string[] {
  const stuck = deliveries.some((row) => row.status === 'dead');
  const undelivered = stuck ? ['A delivery was given up: `tiro outbox redrive ID` sends it again.'] : [];
  switch (turn.status) {
    case 'running':
      return [runningText(turn, now)];
    case 'parked':
      return ['It waits for a decision: `tiro approvals` lists it.'];
    case 'done':
      return ['It is done.', ...undelivered];
    case 'failed':
      return [
        `It failed: ${turn.reason ?? 'no reason was kept'}. \`tiro turns redrive ${turn.id}\` tries again.`,
        ...undelivered,
      ];
    case 'cancelled':
      return [`It was cancelled: ${turn.reason ?? 'no reason was kept'}.`, ...undelivered];
    case 'dead':
      return [
        `It was given up: ${turn.reason ?? 'no reason was kept'}. \`tiro turns redrive ${turn.id}\` tries again.`,
        ...undelivered,
      ];
  }
}

function runningText({ attempts, dueAt, reason }: TurnReport['turn'], now: number): string {
  const trouble = reason === null ? '.' : `; last trouble: ${reason}`;
  if (dueAt <= now) return `It is running now, attempt ${attempts}${trouble}`;
  return `Attempt ${attempts} failed; it is tried again in ${Math.ceil((dueAt - now) / 1_000)} s${trouble}`;
}

function short(text: string): string {
  const line = text.replaceAll(/\s+/g, ' ').trim();
  return line.length <= 120 ? line : `${line.slice(0, 119)}…`;
}

function offset(step: Step, start: number): string {
  return `+${((step.at - start) / 1_000).toFixed(2)} s`;
}

function ago(at: number, now: number): string {
  const seconds = Math.max(0, Math.round((now - at) / 1_000));
  if (seconds < 120) return `${seconds} s ago`;
  if (seconds < 7_200) return `${Math.round(seconds / 60)} min ago`;
  return `${Math.round(seconds / 3_600)} h ago`;
}
