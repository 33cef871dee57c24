import { existsSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Browser, type Page, chromium } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { needs } from '#test/house/requirement.ts';
import { type TestWeb, testWeb } from '../../testing/web.ts';

const path = '/usr/bin/chromium';
const need = needs({ name: 'Chromium', present: existsSync(path), enable: 'apt-get install chromium' });
const shots = process.env['TIRO_SHOTS'] ?? mkdtempSync(join(tmpdir(), 'tiro-channel-'));
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

async function open(width: number, scheme: 'light' | 'dark' = 'light'): Promise<Opened> {
  if (browser === null) throw new Error('no browser');
  const test = testWeb();
  const { url } = await test.web.start();
  const context = await browser.newContext({ viewport: { width, height: 900 }, colorScheme: scheme });
  const page = await context.newPage();
  await page.goto(await test.web.mintLoginLink());
  await page.goto(`${url}/channels/whatsapp`);
  const close = async (): Promise<void> => {
    await context.close();
    await test.web.stop();
  };
  return { page, test, [Symbol.asyncDispose]: close };
}

const qr = (word: string) =>
  ({ kind: 'qr', text: `https://wa.me/settings/linked_devices#2@${word.repeat(50)}`, expiresAt: 0 }) as const;

const drawing = (page: Page): Promise<string | null> => page.locator('.qr path').getAttribute('d');

test.each([
  [1_440, 'light'],
  [360, 'dark'],
] as const)(
  'a code is scanned, renewed, and its place is taken by the link (%d, %s)',
  async (width, scheme) => {
    await using opened = await open(width, scheme);
    const { page, test } = opened;
    await page.getByText('There is no code at this moment').waitFor();
    test.link.offer = qr('ab12');
    await page.locator('.qr svg').waitFor();
    const box = await page.locator('.qr svg').boundingBox();
    expect(Math.round(box?.width ?? 0)).toBe(Math.round(box?.height ?? 1));
    expect(box?.width).toBeGreaterThan(240);
    expect(await page.locator('.qr rect').getAttribute('fill')).toBe('white');
    expect(await page.locator('html').evaluate((html) => html.scrollWidth <= html.clientWidth)).toBe(true);
    await page.screenshot({ path: join(shots, `channel-${width}-${scheme}-qr.png`), fullPage: true });
    const first = await drawing(page);
    test.link.offer = qr('cd34');
    await expect.poll(() => drawing(page), { timeout: 10_000 }).not.toBe(first);

    await page.getByLabel('The phone’s number').fill('0170');
    await page.getByRole('button', { name: 'Get a code to type' }).click();
    await page.getByText('phone: give the international number').waitFor();
    await page.getByLabel('The phone’s number').fill('+49 170 12345');
    await page.getByRole('button', { name: 'Get a code to type' }).click();
    await page.getByText('ABCD-1234').waitFor();
    expect(await page.getByLabel('The phone’s number').inputValue()).toBe('+49 170 12345');
    await page.screenshot({ path: join(shots, `channel-${width}-${scheme}-code.png`), fullPage: true });

    Object.assign(test.link, { offer: null, linked: true, why: 'connected as +49 170 12345' });
    await page.getByText('Linked: connected as +49 170 12345').waitFor();
    expect(await page.getByRole('button', { name: 'Get a code to type' }).isVisible()).toBe(false);
    await page.screenshot({ path: join(shots, `channel-${width}-${scheme}-linked.png`), fullPage: true });
    await page.getByRole('button', { name: 'Unlink' }).click();
    expect(test.link.linked).toBe(true);
    await page.getByRole('button', { name: 'Press again to unlink' }).click();
    await page.getByText('Not linked', { exact: true }).waitFor();
    expect(await page.getByRole('button', { name: 'unlink' }).isVisible()).toBe(false);
    await page.getByRole('button', { name: 'Get a code to type' }).waitFor();
  },
);
