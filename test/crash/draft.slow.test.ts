import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { configFor, telegramToken } from '#test/e2e/world.ts';
import { startFakeModel } from '#test/fakes/model/index.ts';
import { startFakeTelegram } from '#test/fakes/telegram/index.ts';
import { until } from '#test/until.ts';
import { startGatewayProcess } from './gateway-process.ts';

test.each(['before adapter.draft', 'after adapter.draft'])(
  'kill -9 %s: one answer, and nothing of the draft is left',
  async (point) => {
    const words = Array.from({ length: 60 }, (_, i) => `word${i} `).join('');
    const home = mkdtempSync(join(tmpdir(), 'tiro-draft-'));
    const model = await startFakeModel({ script: () => ({ text: words, pieces: 12, everyMs: 250 }) });
    const telegram = await startFakeTelegram({ token: telegramToken });
    writeFileSync(join(home, 'config.yaml'), configFor({ model: model.url, telegram: telegram.url }));
    const surroundings = { folder: home, home, effectsUrl: telegram.url };
    const first = startGatewayProcess(surroundings, { arm: { point, nth: 2 } });
    onTestFinished(async () => {
      first.signal('SIGKILL');
      await Promise.all([telegram.close(), model.close()]);
      rmSync(home, { recursive: true, force: true });
    });
    telegram.userText('tell me slowly');
    await first.ended;
    expect(telegram.draftIn(7)).toContain('word');
    expect(telegram.messages(7)).toEqual([]);
    // It was sealed before it was seen: what comes now is a message of its own.
    telegram.userText('and another thing');
    const second = startGatewayProcess(surroundings, { arm: null });
    onTestFinished(() => void second.signal('SIGKILL'));
    const answers = (): readonly (readonly string[])[] =>
      telegram.messages(7).flatMap(({ versions }) => (versions[0]?.startsWith('Queued') ? [] : [versions]));
    await until('both are answered', () => answers().length === 2, 30_000);
    second.signal('SIGTERM');
    await second.ended;
    expect(answers()).toEqual([[words.trim()], [words.trim()]]);
    expect(telegram.draftIn(7)).toBe('');
    const drafts = telegram.calls.filter(({ method }) => method === 'sendMessageDraft');
    const ids = new Set(drafts.map(({ params }) => params['draft_id']));
    expect(ids.size).toBeLessThanOrEqual(2);
  },
  60_000,
);
