import { expect, test } from 'vitest';
import type { Step, StepBody } from '#core/step.ts';
import { end, input, reply, stepsOf } from '#test/agent/steps.ts';
import { projectContext } from '../context/project.ts';

const projection = {
  system: 'You are Tiro.',
  timezone: null,
  direct: true,
  resultLimit: () => 1_000,
  fileLimit: 1_000,
  isCut: false,
  budgetBytes: 1_000_000,
};

const takenBack: StepBody = { kind: 'end', status: 'cancelled', reason: 'edited', takenBack: true };

function texts(steps: readonly Step[]): readonly string[] {
  return projectContext(steps, projection)
    .slice(1)
    .map(({ content }) => content.split('\n')[0] ?? '');
}

test('the model sees nothing of a turn whose message was edited before it was answered', () => {
  const steps = [
    ...stepsOf([input('before'), reply('so'), end('done')], 'trn_1'),
    ...stepsOf([input('teh'), takenBack], 'trn_2'),
    ...stepsOf([input('the')], 'trn_3'),
  ];
  expect(texts(steps)).toEqual(['before', 'so', 'the']);
});

test('of one that was only stopped it sees what was said', () => {
  const steps = [...stepsOf([input('teh'), end('cancelled')], 'trn_2'), ...stepsOf([input('the')], 'trn_3')];
  expect(texts(steps).join(' ')).toContain('teh');
});
