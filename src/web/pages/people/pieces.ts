import { html } from 'hono/html';
import type { KnownIdentity, Pairing } from '#core/person.ts';
import { toSlug } from '#lib/handle.ts';
import { type Html, nothing, timeHtml } from '../html.ts';

/** Strangers who were shown a code: let in or refused here. Refused ones stay below, for second thoughts. */
export function doorHtml(pairings: readonly Pairing[], now: number): Html {
  const strangers = pairings.filter(({ kind }) => kind === 'stranger');
  const refused = pairings.filter(({ kind }) => kind === 'refused');
  const nobody = html`<p class="empty">Nobody waits. A stranger who writes to the bot appears here.</p>`;
  return html`${strangers.length === 0 ? nobody : strangers.map((pairing) => strangerHtml(pairing, now))}
  ${refused.map((pairing) => strangerHtml(pairing, now))}`;
}

function strangerHtml(pairing: Pairing, now: number): Html {
  const { code, name, identity, expiresAt } = pairing;
  const isRefused = pairing.kind === 'refused';
  const [channel = ''] = (identity ?? '').split(':');
  const refuse = html`<button type="button" data-act="refuse">Refuse</button>`;
  const when = isRefused
    ? html`refused, silence until ${timeHtml(expiresAt)}`
    : html`${ageOf(now - pairing.createdAt)} · code good until ${timeHtml(expiresAt)}`;
  return html`<article
    class="stranger ${isRefused ? 'refused' : ''}"
    data-code="${code}"
    data-kind="${pairing.kind}"
    aria-labelledby="stranger-${code}"
  >
    <header>
      <h3 id="stranger-${code}"><bdi>${name === '' ? 'Without a name' : name}</bdi></h3>
      <span class="channel">${channel}</span>
      <code class="code">${code}</code>
    </header>
    <p class="from"><code>${identity ?? ''}</code> · ${when}</p>
    <form class="choice">
      <label
        >Handle
        <input
          name="handle"
          maxlength="40"
          pattern="[a-z0-9][a-z0-9\\-]*"
          placeholder="${suggestedHandle(pairing)}"
          autocomplete="off"
          autocapitalize="off"
          spellcheck="false"
        />
      </label>
      <label
        >Role
        <select name="role">
          <option value="member" selected>member</option>
          <option value="guest">guest</option>
          <option value="owner">owner</option>
        </select>
      </label>
      <span class="buttons">
        <button type="submit" class="primary">Let in</button>
        ${isRefused ? nothing : refuse}
      </span>
    </form>
    <p class="problem" role="alert" hidden></p>
  </article>`;
}

/** What the kernel makes of the name where no handle is given. */
function suggestedHandle({ name, identity }: Pairing): string {
  return toSlug(name) || toSlug(identity ?? 'guest');
}

function ageOf(ms: number): string {
  const minutes = Math.floor(ms / 60_000);
  if (minutes < 1) return 'came just now';
  return `came ${minutes} min ago`;
}

/** Codes that somebody known has open. */
export function codesHtml(pairings: readonly Pairing[]): Html {
  const codes = pairings.filter(({ kind }) => kind === 'owner' || kind === 'link');
  if (codes.length === 0) return nothing;
  const rows = codes.map(
    ({ code, kind, person, expiresAt }) =>
      html`<li>
        <code class="code">/pair ${code}</code>
        <span class="detail"
          >makes its sender ${kind === 'owner' ? 'the owner' : person} · until ${timeHtml(expiresAt)}</span
        >
      </li>`,
  );
  return html`<ul class="codes">
    ${rows}
  </ul>`;
}

export function knownHtml(identities: readonly KnownIdentity[]): Html {
  if (identities.length === 0) return html`<p class="empty">Nobody but you, here and in the terminal.</p>`;
  const persons = Map.groupBy(identities, ({ handle }) => handle);
  return html`<ul class="known">
    ${[...persons].map(([handle, rows]) => personHtml(handle, rows))}
  </ul>`;
}

function personHtml(handle: string, rows: readonly KnownIdentity[]): Html {
  const [first] = rows;
  const language = first?.language ?? null;
  const spoken = language === null ? null : `language ${language}`;
  const about = [first?.timezone ?? null, spoken].filter((part) => part !== null);
  return html`<li>
    <strong>${handle}</strong> <span class="role ${first?.role ?? ''}">${first?.role ?? ''}</span>
    <span class="detail"
      >${rows.map(
        ({ identity, name, since }) =>
          html`<span class="identity"
            ><code>${identity}</code>${name === '' ? '' : html` <bdi>${name}</bdi>`}${
              since === 0 ? ' · config.yaml' : html` · since ${timeHtml(since)}`
            }</span
          >`,
      )}${about.length === 0 ? '' : html`<span class="identity">${about.join(' · ')}</span>`}</span
    >
  </li>`;
}
