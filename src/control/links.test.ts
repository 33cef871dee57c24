import { expect, test } from 'vitest';
import { TiroError } from '#core/errors.ts';
import type { AdapterPort, LinkOffer, LinkPort } from '#core/ports/adapter.ts';
import { createTestControl, owner } from '#test/kernel/control.ts';
import { createGround } from '#test/kernel/ground.ts';
import { createLinks } from './links.ts';
import type { ChannelReport } from './surface.ts';

const qr: LinkOffer = { kind: 'qr', text: 'planted-offer', expiresAt: 5 };
const code: LinkOffer = { kind: 'code', text: 'ABCD1234', expiresAt: 5 };

function setUp(change: Partial<LinkPort> = {}, state: 'up' | 'down' = 'down') {
  const asked: string[] = [];
  const link: LinkPort = {
    offer: () => qr,
    byCode: async (phone) => (asked.push(phone), code),
    unlink: async () => void asked.push('unlink'),
    ...change,
  };
  const report: ChannelReport = {
    name: 'whatsapp',
    state,
    why: 'w',
    since: 0,
    lastEventAt: null,
    changes: 0,
  };
  const adapters: readonly Pick<AdapterPort, 'name' | 'link'>[] = [
    { name: 'whatsapp', link },
    { name: 'telegram' },
  ];
  return { asked, ...createLinks({ adapters, channels: () => [report] }) };
}

const at = { channel: 'whatsapp', phone: null };

test('what the phone must scan comes with the state of the channel', async () => {
  const links = setUp();
  expect(await links['channels.link'](at)).toEqual({ state: 'down', why: 'w', offer: qr, linked: false });
  expect(links.asked).toEqual([]);
});

test('it is linked when it is connected and offers nothing; while it is down it is not', async () => {
  const offer = (): null => null;
  expect(await setUp({ offer }, 'up')['channels.link'](at)).toMatchObject({ linked: true, offer: null });
  expect(await setUp({ offer }, 'down')['channels.link'](at)).toMatchObject({ linked: false });
  expect(await setUp({}, 'up')['channels.link'](at)).toMatchObject({ linked: false });
});

test.each(['4917012345', '+49 (170) 12-345', '49.170.12345'])('a code for %s', async (phone) => {
  const links = setUp();
  expect(await links['channels.link']({ ...at, phone })).toMatchObject({ offer: code });
  expect(links.asked).toEqual(['4917012345']);
});

test('a channel that is linked is asked for no code', async () => {
  const links = setUp({ offer: () => null }, 'up');
  expect(await links['channels.link']({ ...at, phone: '4917012345' })).toMatchObject({ linked: true });
  expect(links.asked).toEqual([]);
});

test.each(['017012345', '123', '', 'call me', '1234567890123456'])('%j is no number', async (phone) => {
  const failed = setUp()['channels.link']({ ...at, phone });
  await expect(failed).rejects.toMatchObject({
    code: 'bad-input',
    message: expect.stringMatching(/^phone: .*4917/),
  });
});

test('what the adapter cannot do now is said by it', async () => {
  const byCode = () => Promise.reject(new TiroError('unavailable', 'not yet'));
  await expect(setUp({ byCode })['channels.link']({ ...at, phone: '4917012345' })).rejects.toMatchObject({
    code: 'unavailable',
    message: 'not yet',
  });
});

test('unlinking is handed on; a channel without a phone, or none at all, is bad input in words', async () => {
  const links = setUp();
  expect(await links['channels.unlink']({ channel: 'whatsapp' })).toEqual({ unlinked: true });
  expect(links.asked).toEqual(['unlink']);
  for (const command of ['channels.link', 'channels.unlink'] as const) {
    const ask = (channel: string) => links[command]({ channel, phone: null });
    await expect(ask('telegram')).rejects.toMatchObject({
      code: 'bad-input',
      message: expect.stringContaining('is not linked by a phone'),
    });
    await expect(ask('email')).rejects.toMatchObject({
      code: 'bad-input',
      message: expect.stringContaining('tiro channels add'),
    });
  }
});

test('only the owner is shown it, and the input is checked', async () => {
  const { control } = createTestControl(await createGround());
  const ask = (input: unknown, role: 'owner' | 'member' | 'guest') =>
    control.runUntrusted('channels.link', input, { ...owner, role });
  await expect(ask(at, 'member')).rejects.toMatchObject({ code: 'denied' });
  await expect(ask(at, 'guest')).rejects.toMatchObject({ code: 'denied' });
  await expect(ask({ channel: 'whatsapp' }, 'owner')).rejects.toMatchObject({ code: 'bad-input' });
  await expect(ask({ ...at, more: 1 }, 'owner')).rejects.toMatchObject({ code: 'bad-input' });
});
