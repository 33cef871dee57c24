import { existsSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Browser, type Page, chromium } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { Pairing } from '#core/person.ts';
import { needs } from '#test/house/requirement.ts';
import { type TestWeb, testWeb } from '../../testing/web.ts';

const path = '/usr/bin/chromium';
const need = needs({ name: 'Chromium', present: existsSync(path), enable: 'apt-get install chromium' });
const shots = process.env['TIRO_SHOTS'] ?? mkdtempSync(join(tmpdir(), 'tiro-people-'));
const flags = '--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking';

let browser: Browser | null = null;
beforeAll(async () => {
  if (need.skip) return;
  browser = await chromium.launch({ executablePath: path, headless: true, args: flags.split(' ') });
});
afterAll(() => browser?.close());
beforeEach(({ skip }) => skip(need.skip, need.reason));

interface Opened extends AsyncDisposable {
  readonly page: Page;
  readonly test: TestWeb;
}

function stranger(code: string, identity: Pairing['identity'], name: string): Pairing {
  const at = Date.now() - 12 * 60_000;
  const nobody = { chat: identity, person: null, role: null } as const;
  return { code, kind: 'stranger', identity, name, ...nobody, createdAt: at, expiresAt: at + 3_600_000 };
}

async function open(width: number, scheme: 'light' | 'dark' = 'light'): Promise<Opened> {
  if (browser === null) throw new Error('no browser');
  const test = testWeb();
  const { url } = await test.web.start();
  const locale = { timezone: 'Europe/Rome', language: 'it' };
  test.people.identities.push(
    { identity: 'telegram:7', handle: 'ann', role: 'owner', name: '', since: 0, ...locale },
    { identity: 'slack:T1/U1', handle: 'ann', role: 'owner', name: 'Ann Lee', since: Date.now(), ...locale },
    {
      identity: 'discord:8',
      handle: 'bob',
      role: 'member',
      name: 'Bob',
      since: 0,
      timezone: null,
      language: null,
    },
  );
  test.people.pairings.push(
    stranger('K3DT-9PWX', 'telegram:99', 'Eve Moe'),
    stranger('7F3K-Q2ZC', 'slack:T1/U0G9QF9C6', '<img src=x onerror=alert(1)> \u202eann'),
  );
  const context = await browser.newContext({ viewport: { width, height: 900 }, colorScheme: scheme });
  const page = await context.newPage();
  await page.goto(await test.web.mintLoginLink());
  await page.goto(`${url}/people`);
  const close = async (): Promise<void> => {
    await context.close();
    await test.web.stop();
  };
  return { page, test, [Symbol.asyncDispose]: close };
}

const noSideways = (page: Page): Promise<boolean> =>
  page.locator('html').evaluate((html) => html.scrollWidth <= html.clientWidth);

test('strangers at the door are let in with a handle and a role, or refused, and a card that is typed into stays', async () => {
  await using opened = await open(1_200);
  const { page, test } = opened;
  const eve = page.locator('.stranger', { hasText: 'Eve Moe' });
  await eve.getByText('K3DT-9PWX').waitFor();
  await eve.getByText('came 12 min ago').waitFor();
  await page.getByText('Europe/Rome · language it').waitFor();
  await page.screenshot({ path: join(shots, 'people-desk.png'), fullPage: true });
  expect(await page.locator('.stranger img').count()).toBe(0);

  await eve.getByLabel('Handle').fill('ann');
  test.people.pairings.push(stranger('AAAA-BBBB', 'discord:5', 'Third'));
  await page.getByText('Third').waitFor({ timeout: 10_000 });
  expect(await eve.getByLabel('Handle').inputValue()).toBe('ann');
  await eve.getByRole('button', { name: 'Let in' }).click();
  await eve.getByText('ann is somebody already').waitFor();
  await eve.getByLabel('Handle').fill('eve');
  await eve.getByLabel('Role').selectOption('guest');
  await eve.getByRole('button', { name: 'Let in' }).click();
  await page.locator('.known').getByText('telegram:99').waitFor();
  expect(await eve.count()).toBe(0);
  expect(test.people.identities.at(-1)).toMatchObject({ handle: 'eve', role: 'guest' });

  const third = page.locator('.stranger', { hasText: 'Third' });
  await third.getByRole('button', { name: 'Refuse' }).click();
  await third.getByText('refused, silence until').waitFor();
  expect(await third.getByRole('button', { name: 'Refuse' }).count()).toBe(0);
  await page.getByRole('button', { name: 'Make a code' }).click();
  await page.getByText('Send /pair W8QM-2TZC to the bot').waitFor();
  await page.locator('.codes').getByText('/pair W8QM-2TZC').waitFor();
  await page.screenshot({ path: join(shots, 'people-after.png'), fullPage: true });
});

test.each(['light', 'dark'] as const)('it fits on a phone (%s)', async (scheme) => {
  await using opened = await open(360, scheme);
  const { page } = opened;
  await page.getByText('Eve Moe').waitFor();
  await page.screenshot({ path: join(shots, `people-phone-${scheme}.png`), fullPage: true });
  expect(await noSideways(page)).toBe(true);
  await page.goto(new URL('/', page.url()).href);
  await page.getByRole('button', { name: 'Conversations' }).click();
  await page.getByRole('link', { name: 'People 2' }).waitFor();
  await page.screenshot({ path: join(shots, `people-drawer-${scheme}.png`) });
});
