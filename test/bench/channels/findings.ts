import type { Findings } from '../bench.ts';
import { median } from '../statistics.ts';
import type { Row } from '../table.ts';
import type { Started } from './starts.ts';

/** `none`, the name of a channel, or `all`. */
export type ArmName = string;

interface Arm {
  readonly name: ArmName;
  readonly channels: readonly unknown[];
  /** Figures of the first start, and the medians of the others. */
  readonly coldMs: number;
  readonly readyMs: number;
  readonly connectedMs: number;
  readonly rssMb: number;
}

/** Of the design: ready in well under a second, at most 120 MB idle. */
const mostReadyMs = 1_000;
const mostRssMb = 120;

export function toFindings(
  arms: readonly Pick<Arm, 'name' | 'channels'>[],
  started: ReadonlyMap<ArmName, readonly Started[]>,
): Findings {
  const measured = arms.map(({ name, channels }) => measure(name, channels, started.get(name) ?? []));
  const [none] = measured;
  return {
    figures: {
      arms: measured.map(({ channels, ...arm }) => ({ ...arm, channels: channels.length })),
      ...Object.fromEntries(
        measured.flatMap((arm) => [
          [`readyMs_${arm.name}`, arm.readyMs],
          [`rssMb_${arm.name}`, arm.rssMb],
        ]),
      ),
    },
    rows: measured.flatMap((arm) => rowsOf(arm, arm === none ? null : (none ?? null))),
  };
}

function measure(name: ArmName, channels: readonly unknown[], all: readonly Started[]): Arm {
  const [cold, ...warm] = all;
  if (cold === undefined) throw new Error(`${name} was not started.`);
  const of = (key: keyof Started): number =>
    rounded(median((warm.length === 0 ? all : warm).map((one) => one[key])));
  return {
    name,
    channels,
    coldMs: rounded(cold.readyMs),
    readyMs: of('readyMs'),
    connectedMs: of('connectedMs'),
    rssMb: of('rssMb'),
  };
}

function rounded(value: number): number {
  return Number(value.toPrecision(4));
}

/** `none`: what it is compared with; null for that one itself. */
function rowsOf(arm: Arm, none: Arm | null): readonly Row[] {
  const beside = (
    key: 'coldMs' | 'readyMs' | 'connectedMs' | 'rssMb',
    unit: string,
  ): Pick<Row, 'ours' | 'reference' | 'compared'> => ({
    ours: `${arm[key].toFixed(0)} ${unit}`,
    reference: none === null ? '' : `${none[key].toFixed(0)} ${unit}`,
    compared: none === null ? '' : signed(arm[key] - none[key], unit),
  });
  const free = { target: '', met: null };
  return [
    {
      what: `${arm.name}: ready, warm`,
      ...beside('readyMs', 'ms'),
      target: `≤ ${mostReadyMs} ms`,
      met: arm.readyMs <= mostReadyMs,
    },
    { what: `${arm.name}: ready, cold`, ...beside('coldMs', 'ms'), ...free },
    { what: `${arm.name}: all connected`, ...beside('connectedMs', 'ms'), ...free },
    {
      what: `${arm.name}: memory, idle`,
      ...beside('rssMb', 'MB'),
      target: arm.channels.length === 0 ? `≤ ${mostRssMb} MB` : '',
      met: arm.channels.length === 0 ? arm.rssMb <= mostRssMb : null,
    },
  ];
}

function signed(value: number, unit: string): string {
  return `${value < 0 ? '' : '+'}${value.toFixed(0)} ${unit}`;
}
