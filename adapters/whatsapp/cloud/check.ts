import { createHmac } from 'node:crypto';
import { z } from 'zod';
import type { Finding } from '#core/ports/adapter.ts';
import type { Client, Failure } from './client.ts';
import { phoneFields, phoneSchema } from './connect.ts';
import { isTokenRefused } from './errors.ts';
import type { CloudSettings } from './settings.ts';

const anySchema = z.object({ id: z.string().optional() });
const webhookSchema = z.object({
  webhook_configuration: z
    .object({
      phone_number: z.string().optional(),
      whatsapp_business_account: z.string().optional(),
      application: z.string().optional(),
    })
    .optional(),
});

/** What doctor says: token, phone number, app secret, and where Meta posts what people write. */
export async function checkCloud(
  client: Client,
  settings: CloudSettings,
  signal: AbortSignal,
): Promise<readonly Finding[]> {
  const path = settings.phoneNumberId;
  const me = await client.call({ path, query: { fields: phoneFields }, answer: phoneSchema }, signal);
  if (!me.ok) return [unreachable(me.failure, settings)];
  const { display_phone_number: number, verified_name: name, quality_rating: quality } = me.value;
  return [
    { level: 'ok', what: `Meta knows the number ${number} as ${name || 'nobody'}.`, fix: null },
    ...(quality === 'RED' ? [badQuality] : []),
    await secretFinding(client, settings, signal),
    await webhookFinding(client, path, signal),
    window,
  ];
}

const webhookFix =
  'developers.facebook.com/apps, the app, WhatsApp → Configuration → Webhook: https://YOUR-HOST/hooks/whatsapp with channels.whatsapp.verifyToken, and subscribe the field messages.';

const badQuality: Finding = {
  level: 'warn',
  what: 'Meta rates the quality of the number as low: people block or report it.',
  fix: 'WhatsApp Manager → Phone numbers says why. Write only to people who wrote first.',
};

const window: Finding = {
  level: 'ok',
  what: 'WhatsApp takes an answer only within 24 hours after the person last wrote; reminders later than that do not arrive.',
  fix: null,
};

/** Meta checks a proof that is made of token and app secret: a wrong secret would let no message in. */
async function secretFinding(
  client: Client,
  { phoneNumberId: path, token, appSecret }: CloudSettings,
  signal: AbortSignal,
): Promise<Finding> {
  const proof = createHmac('sha256', appSecret).update(token).digest('hex');
  const query = { fields: 'id', appsecret_proof: proof };
  const answer = await client.call({ path, query, answer: anySchema }, signal);
  if (answer.ok) return { level: 'ok', what: 'The app secret is that of the app of the token.', fix: null };
  const { type, why } = answer.failure;
  if (type !== 'refused')
    return { level: 'warn', what: `The app secret cannot be checked: ${why}.`, fix: null };
  const fix =
    'Meta, the app of the token, App settings → Basic → App secret: copy it to channels.whatsapp.appSecret.';
  return {
    level: 'fail',
    what: 'The app secret is not that of the app of the token: every message would be refused.',
    fix,
  };
}

async function webhookFinding(client: Client, path: string, signal: AbortSignal): Promise<Finding> {
  const query = { fields: 'webhook_configuration' };
  const answer = await client.call({ path, query, answer: webhookSchema }, signal);
  const { phone_number, whatsapp_business_account, application } =
    (answer.ok ? answer.value.webhook_configuration : undefined) ?? {};
  // The nearest one is used.
  const url = phone_number || whatsapp_business_account || application;
  if (!url) {
    const what = answer.ok
      ? 'Meta has no address to post messages to.'
      : 'Where Meta posts messages, it does not tell.';
    return { level: 'warn', what, fix: webhookFix };
  }
  const at = URL.parse(url);
  const where = at === null ? 'an address that is none' : `${at.host}${at.pathname}`;
  if (at?.pathname === '/hooks/whatsapp')
    return { level: 'ok', what: `Meta posts messages to ${where}.`, fix: null };
  const what = `Meta posts messages to ${where}, which is not /hooks/whatsapp.`;
  return { level: 'warn', what, fix: webhookFix };
}

function unreachable(failure: Failure, { apiRoot, phoneNumberId }: CloudSettings): Finding {
  const { type, why } = failure;
  if (isTokenRefused(failure)) {
    const fix =
      'business.facebook.com → Settings → System users: Generate token, with whatsapp_business_messaging and whatsapp_business_management, that never expires. Those of the page API Setup live for a day.';
    return { level: 'fail', what: `Meta refuses the token: ${why}.`, fix };
  }
  if (type === 'refused') {
    const fix =
      'Compare channels.whatsapp.phoneNumberId with Meta, WhatsApp → API Setup → Phone number ID (not the number itself), and give the system user the WhatsApp account as an asset.';
    return { level: 'fail', what: `Meta does not show the phone number ${phoneNumberId}: ${why}.`, fix };
  }
  const fix = 'Check the network, a proxy or firewall on the way, and channels.whatsapp.apiRoot.';
  return { level: 'fail', what: `${new URL(apiRoot).host} cannot be asked: ${why}.`, fix };
}
