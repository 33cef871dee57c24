import { writeFileSync } from 'node:fs';
import type { Reporter, SerializedError, TestCase, TestModule } from 'vitest/node';
import { z } from 'zod';

export const countsSchema = z.object({ passed: z.number(), failed: z.number(), skipped: z.number() });
export type Counts = z.infer<typeof countsSchema>;

/** The file that the counts are written to is named by this variable of the environment. */
export const countsVariable = 'TIRO_TEST_COUNTS';

/**
 * Lists every skipped test with its reason, and counts. A file that could not be loaded, an error outside any test
 * and a skip without a reason count as failed: none of them may pass unseen.
 */
export default class HouseReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], errors: readonly SerializedError[]): void {
    const tests = modules.flatMap((module) => [...module.children.allTests()]);
    const skipped = tests.filter((test) => test.result().state === 'skipped');
    const unexplained = skipped.filter((test) => noteOf(test) === null && !isSuiteFailed(test));
    for (const test of skipped) print(`skipped: ${test.fullName}: ${noteOf(test) ?? missingNote(test)}`);
    const broken = modules
      .flatMap((module) => [module, ...module.children.allSuites()])
      .filter((part) => part.errors().length > 0);
    const counts: Counts = {
      passed: tests.filter((test) => test.result().state === 'passed').length,
      failed:
        tests.filter((test) => test.result().state === 'failed').length +
        broken.length +
        errors.length +
        unexplained.length,
      skipped: skipped.length - unexplained.length,
    };
    const file = process.env[countsVariable];
    if (file !== undefined) writeFileSync(file, JSON.stringify(counts));
  }
}

function noteOf(test: TestCase): string | null {
  const result = test.result();
  const note = result.state === 'skipped' ? result.note : undefined;
  return note === undefined || note === '' ? null : note;
}

function missingNote(test: TestCase): string {
  return isSuiteFailed(test) ? 'its suite failed' : 'no reason given, which counts as failed';
}

/** What stands around the test broke, so it never ran. */
function isSuiteFailed(test: TestCase): boolean {
  for (let part: TestCase['parent'] | TestModule = test.parent; ; part = part.parent) {
    if (part.errors().length > 0) return true;
    if (part.type === 'module') return false;
  }
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
