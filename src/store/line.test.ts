import { Worker } from 'node:worker_threads';
import { expect, onTestFinished, test, vi } from 'vitest';
import { type Line, createLine } from './line.ts';

/** A line to a thread that runs `body` once it has said that it is ready; `port` is its end. */
function lineTo(body: string): { readonly line: Line; readonly fatal: readonly Error[] } {
  const ready = `const port = require('node:worker_threads').parentPort; port.postMessage({ type: 'ready', epoch: 7 });`;
  const worker = new Worker(`${ready} ${body}`, { eval: true });
  onTestFinished(async () => {
    await worker.terminate();
  });
  const fatal: Error[] = [];
  return { line: createLine(worker, { onFatal: (error) => fatal.push(error), onLog: () => {} }), fatal };
}

const question = { type: 'call', group: 'state', verb: 'get', args: [] } as const;

test('when the thread dies everybody who waits is told, and so is the process, once', async () => {
  const { line, fatal } = lineTo(
    `port.once('message', () => { throw new Error('a defect in the thread'); });`,
  );
  expect(await line.ready).toEqual({ epoch: 7 });
  const answers = await Promise.allSettled([line.ask(question), line.ask(question)]);
  expect(answers.map((answer) => answer.status)).toEqual(['rejected', 'rejected']);
  await vi.waitFor(() => expect(fatal).toHaveLength(1));
  expect(fatal[0]?.message).toContain('a defect in the thread');
  await expect(line.ask(question)).rejects.toThrow('a defect in the thread');
  await line.close();
});

test('a thread that just ends is as fatal as one that throws', async () => {
  const { line, fatal } = lineTo(`port.once('message', () => process.exit(0));`);
  await expect(line.ask(question)).rejects.toMatchObject({ code: 'store-unavailable' });
  await vi.waitFor(() => expect(fatal).toMatchObject([{ code: 'store-unavailable' }]));
});

test('the end of a thread that was closed is no surprise', async () => {
  const { line, fatal } = lineTo(
    `port.on('message', ([{ id }]) => { port.postMessage({ type: 'answers', note: null, answers: [{ id, ok: true, value: 1 }] }); port.close(); });`,
  );
  await line.ready;
  await line.close();
  expect(fatal).toEqual([]);
  await expect(line.ask(question)).rejects.toMatchObject({ code: 'store-unavailable' });
});

test('a question that cannot be sent is refused alone; those asked beside it are answered', async () => {
  const { line } = lineTo(
    `port.on('message', (asked) => { port.postMessage({ type: 'answers', note: null, answers: asked.map(({ id }) => ({ id, ok: true, value: 1 })) }); });`,
  );
  await line.ready;
  const asked = [line.ask(question), line.ask({ ...question, args: [() => 1] }), line.ask(question)];
  const answers = await Promise.allSettled(asked);
  expect(answers.map((answer) => answer.status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
});
