import { html } from 'hono/html';
import type { ControlSurface } from '#control/surface.ts';
import { type Html } from '../html.ts';
import { documentHtml, wordmark } from '../layout.ts';
import { codesHtml, doorHtml, knownHtml } from './pieces.ts';

export type People = ControlSurface['people.list']['output'];

/** Who waits at the door, which codes are open, and who is known. The script draws it again every few seconds. */
export function peoplePage(people: People, now: number): Html {
  return documentHtml({
    title: 'People · Tiro',
    className: 'status-page people-page',
    script: 'people.js',
    body: html`<header class="page-head">
        ${wordmark}
        <nav><a href="/">Conversations</a> <a href="/status">Status</a></nav>
      </header>
      <main aria-label="People">
        <h1>People</h1>
        <p class="lead">
          Nobody is answered before you let them in. A name is what somebody calls themselves; the code is who
          they are.
        </p>
        <section aria-labelledby="door-title">
          <h2 id="door-title">At the door</h2>
          <div id="people">${peopleHtml(people, now)}</div>
        </section>
        <section aria-labelledby="new-title">
          <h2 id="new-title">You, on another channel</h2>
          <p>
            <button type="button" id="link">Make a code</button>
            <span class="hint">Whoever sends it to the bot in a direct chat is you.</span>
          </p>
          <p class="made" id="made" role="status" hidden></p>
          <div id="codes">${codesHtml(people.pairings)}</div>
        </section>
        <section aria-labelledby="known-title">
          <h2 id="known-title">Known</h2>
          <div id="known">${knownHtml(people.identities)}</div>
        </section>
        <p class="unseen" id="announce" aria-live="polite"></p>
      </main>`,
  });
}

/** The cards at the door. */
function peopleHtml(people: People, now: number): Html {
  return doorHtml(people.pairings, now);
}

/** All that the script draws anew. */
export function peoplePieceHtml(people: People, now: number): Html {
  return html`<div id="people">${peopleHtml(people, now)}</div>
    <div id="codes">${codesHtml(people.pairings)}</div>
    <div id="known">${knownHtml(people.identities)}</div>`;
}
