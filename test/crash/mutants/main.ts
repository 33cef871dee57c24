import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Verdict } from '../history.ts';
import { mutants } from './list.ts';
import type { Scene } from './scene.ts';
import { tryOut } from './trial.ts';

/** `node test/crash/mutants/main.ts`: each mutant through its scene, and what the checker says, as a table in Markdown. */
const folder = mkdtempSync(join(tmpdir(), 'tiro-mutants-'));
process.once('exit', () => rmSync(folder, { recursive: true, force: true }));

process.stdout.write(
  '| seeded bug | what is broken | what happens | the checker: product | the checker: mutant |\n',
);
process.stdout.write('|---|---|---|---|---|\n');
for (const mutant of mutants) {
  const { name, breaks, scene, caughtIn } = mutant;
  const [product, mutated] = await Promise.all([
    tryOut(scene, { mutant: null, folder }),
    tryOut(scene, { mutant, folder }),
  ]);
  const missed = mutated[caughtIn] === 0 ? `**missed in ${caughtIn}** ` : '';
  const row = [`\`${name}\``, breaks, sceneInWords(scene), faultsOf(product), missed + faultsOf(mutated)];
  process.stdout.write(`| ${row.join(' | ')} |\n`);
}

function sceneInWords({ arm, wakesAt, again }: Scene): string {
  if (arm === null) return again === true ? 'the platform gives the message again' : 'no kill';
  const nth = arm.nth === 1 ? '' : ` (${arm.nth}.)`;
  if (arm.stop !== true) return `kill ${arm.point}${nth}`;
  return `SIGSTOP ${arm.point}${nth}, takeover, SIGCONT after the ${wakesAt === 'once' ? 'effect' : 'answer'}`;
}

function faultsOf({
  lost,
  duplicated,
  reordered,
  effectsTwice,
  modelCallsRepeatedAfterCommit,
}: Verdict): string {
  const faults = { lost, duplicated, reordered, effectsTwice, modelCallsRepeatedAfterCommit };
  const found = Object.entries(faults).filter(([, count]) => count > 0);
  return found.map(([field, count]) => `${field} ${count}`).join(', ') || 'clean';
}
