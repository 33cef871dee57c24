import { type TestSpecification, BaseSequencer } from 'vitest/node';

/** Files that take longest by far, the longest first: begun late, one of them would run alone at the end. */
const longest = [
  'test/faults/channels.slow.test.ts',
  'test/crash/kill-between-steps.slow.test.ts',
  'test/crash/mutants/mutants.slow.test.ts',
  'test/crash/campaign.slow.test.ts',
  'test/faults/clock.slow.test.ts',
  'test/faults/outage.slow.test.ts',
  'test/faults/disk.slow.test.ts',
  'test/contract/channel.slow.test.ts',
  'test/recovery/interrupted.slow.test.ts',
  'src/store/sqlite.test.ts',
  'test/borders.test.ts',
  'test/abuse/rights.test.ts',
];

/** Vitest knows what took long only where it has run before, which a fresh checkout has not. */
export default class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const placeOf = ({ moduleId }: TestSpecification): number => {
      const place = longest.findIndex((file) => moduleId.endsWith(`/${file}`));
      return place === -1 ? longest.length : place;
    };
    return sorted.toSorted((a, b) => placeOf(a) - placeOf(b));
  }
}
