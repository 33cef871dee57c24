import { expect, test } from 'vitest';
import { z } from 'zod';
import { until } from '#test/until.ts';
import { type Running, type World, startWorld } from './world.ts';

const [owner, poisoned, healthy, healthyToo] = [7, 31, 32, 33] as const;

/** As a service manager does: whenever the gateway is gone it is started again, until `over`. */
async function keepRunning(
  world: World,
  over: () => boolean,
): Promise<{ readonly gateway: Running; readonly deaths: number }> {
  for (let deaths = 0; deaths <= 12; deaths += 1) {
    const gateway = await world.start();
    const outcome = await Promise.race([
      gateway.exited.then(() => 'gone' as const),
      until('it is over', over, 60_000).then(() => 'over' as const),
    ]);
    if (outcome === 'over') return { gateway, deaths };
  }
  throw new Error('It dies for ever.');
}

const turnsSchema = z.array(
  z.object({ id: z.string(), status: z.string(), attempts: z.number(), person: z.string() }).loose(),
);

async function turns(world: World, status: string | null): Promise<z.infer<typeof turnsSchema>> {
  return turnsSchema.parse(await world.control('turns.list', { status, conversation: null, limit: 99 }));
}

const answersTo = (world: World, person: number, text: string): readonly string[] =>
  world.shown(person).filter((shown) => shown.includes(`ANSWER ${text} END.`));

test('a message that kills the process each time is given up after five lone attempts; nobody else loses or pays', async () => {
  await using world = await startWorld([poisoned, healthy, healthyToo]);
  world.set('deadly', true);
  const first = await world.start();
  world.say(owner, 'good morning');
  await until('the owner is known', () => answersTo(world, owner, 'good morning').length === 1);
  // A turn of somebody else is under way each time the process dies.
  world.set('hold-look', true);
  world.say(healthy, 'please use look');
  await until('it is held up', () => world.linesOf('held').includes('look'));
  world.say(poisoned, 'DEADLY words');
  await first.exited;
  world.set('hold-look', false);
  world.say(healthyToo, 'hello');
  const isToldOf = (person: number, words: RegExp): boolean =>
    world.shown(person).some((text) => words.test(text));
  const { deaths } = await keepRunning(world, () => isToldOf(poisoned, /could not get through/));
  // Once beside others, once to make sure, then five times alone at most.
  expect(deaths).toBeLessThanOrEqual(7);
  const [dead, ...more] = await turns(world, 'dead');
  expect(more).toEqual([]);
  expect(dead).toMatchObject({ person: `p${poisoned}`, attempts: 6 });
  const saidAt = performance.now();
  world.say(poisoned, 'and now?');
  await until('the chat goes on', () => answersTo(world, poisoned, 'and now?').length === 1);
  // Behind the one that was given up it would wait for as long as its next try does.
  expect(performance.now() - saidAt).toBeLessThan(9_000);
  await until('the owner is told', () => isToldOf(owner, new RegExp(`p${poisoned}.*${dead?.id}`, 's')));
  await until(
    'the others are answered',
    () => isToldOf(healthy, /RESULT look is done/) && answersTo(world, healthyToo, 'hello').length === 1,
  );
  expect((await turns(world, 'done')).filter(({ attempts }) => attempts > 0)).toEqual([]);
  // One that was on its way out at a kill may stand there twice, and then says so.
  const unmarked = world.shown(healthy).filter((text) => !text.includes('(possibly repeated)'));
  expect(unmarked.slice(1)).toEqual([]);
  expect(world.shown(owner).filter((text) => text.includes('could not get through'))).toHaveLength(1);
  world.set('deadly', false);
  await world.control('turns.redrive', { id: dead?.id });
  await until('the redriven one is answered', () => answersTo(world, poisoned, 'DEADLY words').length === 1);
}, 120_000);
