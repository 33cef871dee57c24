import { isLoopbackHost } from '#lib/text/host.ts';
import type { Problem } from '../problem.ts';
import type { ConfigFile, ModelSettings } from '../schema.ts';
import { channelNames, closest } from './values.ts';

interface Found {
  readonly problems: Problem[];
  readonly warnings: Problem[];
}

interface FileFound extends Found {
  readonly furtherChannels: readonly string[];
}

/** What holds between several keys. */
export function checkFile(file: ConfigFile, found: FileFound): void {
  checkPlainHttp(file.channels, 'channels', found);
  checkAnswers(file.channels, found);
  const ownerByIdentity = new Map<string, string>();
  for (const [handle, person] of Object.entries(file.people)) {
    for (const [index, identity] of person.identities.entries()) {
      const path = `people.${handle}.identities[${index}]`;
      const taken = ownerByIdentity.get(identity);
      if (taken !== undefined) {
        found.problems.push({
          path,
          message: `is an identity of ${taken === handle ? `${handle} twice` : `${taken} already`}: ${identity}`,
          fix: 'An identity belongs to one person: remove it from the other.',
        });
      }
      ownerByIdentity.set(identity, handle);
      checkChannel(identity, path, found);
      const unmet = neverMet(identity, file.channels);
      if (unmet !== null) found.warnings.push({ path, ...unmet });
    }
  }
}

/** An endpoint that answers in a chat of a channel that is not there is heard by nobody. */
function checkAnswers(channels: ConfigFile['channels'], found: FileFound): void {
  const there = new Set([...Object.keys(channels), ...found.furtherChannels]);
  for (const [name, { replyTo }] of Object.entries(channels.webhook?.endpoints ?? {})) {
    const channel = typeof replyTo === 'string' ? replyTo.slice(0, replyTo.indexOf(':')) : null;
    if (channel === null || there.has(channel)) continue;
    found.warnings.push({
      path: `channels.webhook.endpoints.${name}.replyTo`,
      message: `is a chat of ${channel}, which does not stand under channels: its answers are sent to nobody`,
      fix: 'Name a chat of a channel that is there, such as telegram:7, or { url, secret }.',
    });
  }
}

/** Keys of URLs that secrets, or words of people, are sent to. */
const sentTo: ReadonlySet<string> = new Set(['apiRoot', 'url']);

/** Without TLS whoever is on the way reads the token and every word. This machine is no way. */
function checkPlainHttp(tree: object, path: string, found: Found): void {
  for (const [key, value] of Object.entries(tree)) {
    const place = `${path}.${key}`;
    if (value !== null && typeof value === 'object') checkPlainHttp(value, place, found);
    const url = typeof value === 'string' && sentTo.has(key) ? URL.parse(value) : null;
    if (url === null || url.protocol !== 'http:' || isLoopbackHost(url.hostname)) continue;
    found.warnings.push({
      path: place,
      message: 'is not encrypted: others on the way could read secrets and messages',
      fix: 'Use https://, or a server on this machine.',
    });
  }
}

function checkChannel(identity: string, path: string, found: FileFound): void {
  const channel = identity.split(':', 1)[0] ?? '';
  if (channelNames.includes(channel) || found.furtherChannels.includes(channel)) return;
  const meant = closest(channel, channelNames);
  found.warnings.push({
    path,
    message: `names the channel ${channel}, which does not exist`,
    fix: meant === null ? `Channels are ${channelNames.join(', ')}.` : `Did you mean ${meant}?`,
  });
}

/** An identity is compared letter by letter with the one that the platform's message carries. */
function neverMet(identity: string, { webhook }: ConfigFile['channels']): Omit<Problem, 'path'> | null {
  const [channel = '', ...rest] = identity.split(':');
  const id = rest.join(':');
  if (channel === 'email' && id !== id.toLowerCase())
    return {
      message: 'is never met: addresses are known in small letters',
      fix: `Write ${identity.toLowerCase()}.`,
    };
  if (channel === 'whatsapp' && /^(?:\+|0)/.test(id))
    return {
      message: 'is never met: a phone number is digits only and begins with the country',
      fix: 'Write it such as whatsapp:4917012345678.',
    };
  if (channel !== 'webhook' || Object.hasOwn(webhook?.endpoints ?? {}, id)) return null;
  return {
    message: `names the endpoint ${id}, which does not stand under channels.webhook.endpoints`,
    fix: 'Correct the name, or take it out.',
  };
}

/** Do the models that are named have somebody who provides them? `model` has the environment in it. */
export function checkModel(model: ModelSettings, found: Found & { readonly fromFile: boolean }): void {
  const providers = Object.keys(model.providers);
  if (providers.length === 0) {
    if (model.default === null || model.default.startsWith('demo')) return;
    const problem = {
      path: found.fromFile ? 'model.default' : 'TIRO_MODEL',
      message: `names the model ${model.default}, but no provider is configured`,
      fix: 'Add one under model.providers, or set OPENAI_API_KEY or OPENAI_BASE_URL.',
    };
    (found.fromFile ? found.problems : found.warnings).push(problem);
    return;
  }
  const named = [model.default, model.background, ...model.fallback].filter((name) => name !== null);
  for (const name of new Set(named)) {
    const [prefix, ...rest] = name.split('/');
    if (prefix === undefined || rest.length === 0 || providers.includes(prefix)) continue;
    const meant = closest(prefix, providers);
    if (meant === null) continue; // a model whose own name has a slash, such as meta-llama/llama-x
    found.warnings.push({
      path: 'model',
      message: `names ${name}, and there is no provider ${prefix}`,
      fix: `Did you mean ${meant}/${rest.join('/')}?`,
    });
  }
}
