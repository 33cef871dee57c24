import { existsSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Browser, type Page, chromium } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { needs } from '#test/house/requirement.ts';
import { type ScriptedTurn } from '../testing/kernel.ts';
import { type TestWeb, testToken, testWeb } from '../testing/web.ts';

const path = '/usr/bin/chromium';
const need = needs({ name: 'Chromium', present: existsSync(path), enable: 'apt-get install chromium' });
const shots = process.env['TIRO_SHOTS'] ?? mkdtempSync(join(tmpdir(), 'tiro-page-'));
const flags =
  '--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-component-update --disable-sync';
const sizes = [
  { name: 'phone', width: 360, height: 740 },
  { name: 'desk', width: 1440, height: 900 },
] as const;

let browser: Browser | null = null;
beforeAll(async () => {
  if (need.skip) return;
  browser = await chromium.launch({ executablePath: path, headless: true, args: flags.split(' ') });
});
afterAll(() => browser?.close());
beforeEach(({ skip }) => skip(need.skip, need.reason));

const longAnswer = [
  'Cicero dictated faster than anybody could write, so **Tiro** invented a way to keep up: some four thousand signs, each for a word or an ending.',
  'Three things survive of it:',
  '- the ampersand of old Irish road signs, `⁊`\n- the habit of writing letters down before they are sent\n- a name for people who remember for others',
  '```ts\nconst note = await tiro.write("ad Atticum", { keep: true, sendTwice: false });\n```',
  'Shall I file this under *letters*?',
].join('\n\n');

interface Opened extends AsyncDisposable {
  readonly page: Page;
  readonly test: TestWeb;
  readonly url: string;
}

/** A logged-in page on a port of its own. */
async function open(size: (typeof sizes)[number], scheme: 'light' | 'dark' = 'light'): Promise<Opened> {
  if (browser === null) throw new Error('no browser');
  const test = testWeb();
  const { url } = await test.web.start();
  const context = await browser.newContext({ viewport: size, colorScheme: scheme, locale: 'en-GB' });
  const page = await context.newPage();
  await page.goto(await test.web.mintLoginLink());
  return {
    page,
    test,
    url,
    [Symbol.asyncDispose]: async () => {
      await context.close();
      await test.web.stop();
    },
  };
}

async function say(page: Page, text: string): Promise<void> {
  await page.getByLabel('Message').fill(text);
  await page.keyboard.press('Enter');
}

/** Ends when the test lets it. */
function gate(): { readonly opened: Promise<void>; open(): void } {
  const { promise, resolve } = Promise.withResolvers<void>();
  return { opened: promise, open: resolve };
}

const noSideways = (page: Page): Promise<boolean> =>
  page.locator('html').evaluate((html) => html.scrollWidth <= html.clientWidth);

for (const size of sizes) {
  test(`a conversation streams, asks for approval and is drawn again after a reload (${size.name})`, async () => {
    await using opened = await open(size);
    const { page, test } = opened;
    await page.screenshot({ path: join(shots, `${size.name}-1-welcome.png`) });

    const middle = gate();
    test.kernel.script = async (turn: ScriptedTurn) => {
      turn.delta(longAnswer.slice(0, 180));
      await middle.opened;
      turn.reply(longAnswer);
      turn.end('done');
    };
    await say(page, 'Who was Tiro, and what is left of his shorthand?');
    await expect.poll(() => page.locator('.partial').textContent()).toContain('Cicero dictated');
    expect(await page.getByRole('button', { name: 'Stop' }).isVisible()).toBe(true);
    await page.screenshot({ path: join(shots, `${size.name}-2-streaming.png`) });
    middle.open();
    await page.getByText('Shall I file this').waitFor();
    expect(await page.locator('.partial').count()).toBe(0);
    expect(await page.locator('#thread .by-person').count()).toBe(1);

    test.kernel.script = (turn) => {
      turn.reply('I can do that.', 'send_message');
      const body = JSON.stringify({ chat: 'telegram:7', text: 'The letters are filed, forty-one of them.' });
      turn.ask({ id: '7F3K', tool: 'send_message', arguments: body });
    };
    await say(page, 'Yes, and tell me on Telegram when it is done.\nNo hurry.');
    const card = page.locator('.approval');
    await card.waitFor();
    await page.screenshot({ path: join(shots, `${size.name}-3-approval.png`) });
    expect(await noSideways(page)).toBe(true);
    await card.getByRole('button', { name: 'Approve' }).click();
    await expect.poll(() => card.count()).toBe(0);
    expect(test.kernel.approvals.get('7F3K')?.status).toBe('approved');
    await page.getByText('You approved send_message').waitFor();

    const before = await page.locator('#thread').innerText();
    await page.reload();
    await page.getByText('You approved send_message').waitFor();
    expect(await page.locator('#thread').innerText()).toBe(before);
    await page.screenshot({ path: join(shots, `${size.name}-4-reloaded.png`), fullPage: false });
  });
}

test('it is drawn in the dark too, and the list opens as a drawer on a phone', async () => {
  await using opened = await open(sizes[0], 'dark');
  const { page, test } = opened;
  test.kernel.script = (turn) => {
    turn.reply(longAnswer);
    turn.end('done');
  };
  await say(page, 'Who was Tiro?');
  await page.getByText('Shall I file this').waitFor();
  await page.screenshot({ path: join(shots, 'dark-phone.png') });
  await page.getByRole('button', { name: 'Conversations' }).click();
  await page.getByRole('link', { name: 'New conversation' }).waitFor();
  await expect.poll(() => page.locator('#conversations li').count()).toBe(1);
  await expect.poll(() => page.locator('.sidebar').boundingBox()).toMatchObject({ x: 0 });
  await page.screenshot({ path: join(shots, 'dark-phone-drawer.png') });
  await page.keyboard.press('Escape');
  await page.setViewportSize(sizes[1]);
  await page.screenshot({ path: join(shots, 'dark-desk.png') });
  await page.goto(`${opened.url}/status`);
  await page.getByText('the token was refused').waitFor();
  await page.screenshot({ path: join(shots, 'dark-status.png') });
});

test('Shift+Enter starts a line, a new conversation is a new one, and commands are answered', async () => {
  await using opened = await open(sizes[1]);
  const { page, test } = opened;
  await page.getByLabel('Message').fill('one');
  await page.keyboard.press('Shift+Enter');
  await page.keyboard.type('two');
  expect(test.kernel.submissions).toHaveLength(0);
  await page.keyboard.press('Enter');
  await page.getByText('You said: one').waitFor();
  expect(test.kernel.submissions[0]?.text).toBe('one\ntwo');
  await page.waitForURL(/\/c\/cnv_/);
  const first = page.url();

  await page.getByRole('link', { name: 'New conversation' }).click();
  await page.getByText('What shall I take down?').waitFor();
  await say(page, 'three');
  await page.getByText('You said: three').waitFor();
  expect(page.url()).not.toBe(first);
  expect(test.kernel.submissions.map(({ text }) => text)).toEqual(['one\ntwo', '/new', 'three']);
  await say(page, '/status');
  await page.getByText('Answer of /status').waitFor();
  await expect.poll(() => page.locator('#conversations li').count()).toBe(2);
  await page.screenshot({ path: join(shots, 'desk-5-two.png') });
});

test('a lost connection is said, the text stays, and sending again does not send twice', async () => {
  await using opened = await open(sizes[1]);
  const { page, test } = opened;
  await say(page, 'first');
  await page.getByText('You said: first').waitFor();

  await page.context().setOffline(true);
  await say(page, 'second');
  await page.getByText('Not sent yet').waitFor();
  await page.getByText('Connection lost').waitFor();
  await page.screenshot({ path: join(shots, 'desk-6-offline.png') });
  await say(page, 'and this');
  expect(await page.locator('.pending .words').allTextContents()).toEqual(['second', 'and this']);
  await page.context().setOffline(false);
  await page.getByText('You said: and this').waitFor();
  expect(await page.locator('#thread .by-person .words').allTextContents()).toEqual([
    'first',
    'second',
    'and this',
  ]);
  await expect.poll(() => page.getByText('Not sent yet').isVisible()).toBe(false);

  // The answer to the request is lost after the message was stored.
  let cut = 0;
  await page.route('**/api/messages', async (route) => {
    if (cut === 0) await route.fetch();
    cut += 1;
    await (cut === 1 ? route.abort('connectionreset') : route.continue());
  });
  await say(page, 'third');
  await page.getByText('You said: third').waitFor();
  await expect.poll(() => page.getByLabel('Message').inputValue()).toBe('');
  expect([...test.kernel.events.values()].filter((event) => event.text === 'third')).toHaveLength(1);
  expect(await page.locator('#thread .by-person').count()).toBe(4);
  await expect.poll(() => page.locator('.pending').count()).toBe(0);
});

test('what could not be sent survives a reload; what the gateway refuses goes back to the box', async () => {
  await using opened = await open(sizes[1]);
  const { page, test } = opened;
  await page.route('**/api/messages', (route) => route.abort('connectionreset'));
  await say(page, 'keep me');
  await page.getByText('Not sent yet').waitFor();
  await page.reload();
  await page.locator('.pending', { hasText: 'keep me' }).waitFor();
  await page.unroute('**/api/messages');
  await page.reload();
  await page.getByText('You said: keep me').waitFor();
  await expect.poll(() => page.locator('.pending').count()).toBe(0);
  await page.reload();
  await page.getByText('You said: keep me').waitFor();
  expect(test.kernel.events.size).toBe(1);

  const tooLong = 'x'.repeat(1024 * 1024);
  await say(page, tooLong);
  await page.getByText('Not sent: The body is larger').waitFor();
  expect((await page.getByLabel('Message').inputValue()).length).toBe(tooLong.length);
});

test('a gateway that is gone is said in a banner; a new one goes on where the page was', async () => {
  await using opened = await open(sizes[1]);
  const { page, test, url } = opened;
  await say(page, 'before');
  await page.getByText('You said: before').waitFor();
  await test.web.stop();
  await page.getByText('Connection lost').waitFor();
  await page.screenshot({ path: join(shots, 'desk-7-lost.png') });

  const [conversation = 'cnv_none'] = test.kernel.conversations.keys();
  test.kernel.say(conversation, { kind: 'said', text: 'This was said meanwhile.' });
  const again = testWeb(test.deps, { host: '127.0.0.1', port: Number(new URL(url).port) });
  await again.web.start();
  try {
    await page.getByText('This was said meanwhile.').waitFor();
    await expect.poll(() => page.getByText('Connection lost').isVisible()).toBe(false);
    expect(await page.locator('#thread .message').count()).toBe(3);
  } finally {
    await again.web.stop();
  }
});

test('without a session the page says how to get one and takes the token', async () => {
  await using opened = await open(sizes[0]);
  const { page, url } = opened;
  await page.context().clearCookies();
  await page.goto(url);
  await page.screenshot({ path: join(shots, 'phone-8-login.png') });
  await page.getByLabel('Or paste the token').fill('wrong');
  await page.getByRole('button', { name: 'Log in' }).click();
  await page.getByText('That is not the token.').waitFor();
  await page.getByLabel('Or paste the token').fill(testToken);
  await page.getByRole('button', { name: 'Log in' }).click();
  await page.getByText('What shall I take down?').waitFor();
  await page.goto(`${url}/status`);
  await page.getByText('the token was refused').waitFor();
  expect(await noSideways(page)).toBe(true);
  await page.screenshot({ path: join(shots, 'phone-9-status.png'), fullPage: true });
});
