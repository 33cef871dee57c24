import { messageOf } from '#core/errors.ts';
import type { Finding } from '#core/ports/adapter.ts';
import type { ClockPort } from '#core/ports/clock.ts';
import type { Check } from '../deps.ts';

const checkMs = 10_000;

/** Runs the checks (of one area, or all) side by side, each at most ten seconds; offline leaves out those that leave the machine. */
export async function runChecks(
  deps: { readonly checks: readonly Check[]; readonly clock: ClockPort },
  { offline, area }: { readonly offline: boolean; readonly area?: string | undefined },
): Promise<readonly (Finding & { readonly area: string })[]> {
  const chosen = deps.checks.filter(
    (check) => (!offline || !check.online) && (area === undefined || check.area === area),
  );
  const findings = await Promise.all(chosen.map((check) => runCheck(check, deps.clock)));
  return findings.flat();
}

async function runCheck(
  check: Check,
  clock: ClockPort,
): Promise<readonly (Finding & { readonly area: string })[]> {
  const over = new AbortController();
  const late = clock.sleep(checkMs, over.signal).then((): readonly Finding[] => [
    {
      level: 'fail',
      what: `no answer within ${checkMs / 1_000} s`,
      fix: 'Check the network, then try again.',
    },
  ]);
  const run = async (): Promise<readonly Finding[]> => check.run();
  const findings = await Promise.race([run().catch(failed), late]);
  over.abort();
  return findings.map((finding) => ({ ...finding, area: check.area }));
}

function failed(error: unknown): readonly Finding[] {
  return [{ level: 'fail', what: messageOf(error), fix: null }];
}
