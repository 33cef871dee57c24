import { html } from 'hono/html';
import type { ChannelReport, StatusReport } from '#control/surface.ts';
import { type Html, nothing, timeHtml } from './html.ts';
import { documentHtml, wordmark } from './layout.ts';

/** How the gateway is: channels, what waits, what was spent. The script draws it again every few seconds. */
export function statusPage(status: StatusReport): Html {
  return documentHtml({
    title: 'Status · Tiro',
    className: 'status-page',
    script: 'status.js',
    body: html`<header class="page-head">
        ${wordmark}
        <nav><a href="/">Conversations</a> <a href="/people">People</a></nav>
      </header>
      <main id="status" aria-label="Status">${statusHtml(status)}</main>`,
  });
}

export function statusHtml(status: StatusReport): Html {
  const headline = status.ready ? 'Everything is up' : `Not ready: ${status.notReady.join(', ')}`;
  return html`<h1 class="${status.ready ? 'up' : 'down'}">${headline}</h1>
    <p class="lead">
      Tiro ${status.version} with ${status.demo ? 'the demo model (no AI)' : status.model}, up since
      ${timeHtml(status.startedAt)}.
    </p>
    <section aria-labelledby="channels-title">
      <h2 id="channels-title">Channels</h2>
      <ul class="channels">
        ${status.channels.map(channelHtml)}
      </ul>
    </section>
    <section aria-labelledby="work-title">
      <h2 id="work-title">Work</h2>
      <dl class="figures">
        ${figure('Waiting', status.events.queued)} ${figure('Running', status.turns.running)}
        ${figure('Approvals', status.pendingApprovals)} ${figure('To be sent', status.outbox.queued)}
        ${figure('Given up', status.events.dead + status.outbox.dead)}
        ${figure('Spent today', `$${status.spentTodayUsd.toFixed(2)}`)}
      </dl>
    </section>
    <section aria-labelledby="machine-title">
      <h2 id="machine-title">Machine</h2>
      <dl class="figures">
        ${figure('Memory', `${Math.round(status.rssBytes / 1024 / 1024)} MB`)}
        ${figure('Loop delay p99', `${status.eventLoopP99Ms.toFixed(1)} ms`)} ${figure('Boot', status.epoch)}
      </dl>
    </section>
    <p class="home">Home: <code>${status.home}</code></p>`;
}

function channelHtml(channel: ChannelReport): Html {
  const last =
    channel.lastEventAt === null ? 'nothing came in yet' : html`last event ${timeHtml(channel.lastEventAt)}`;
  return html`<li class="${channel.state}">
    <strong>${channel.name}</strong>
    <span class="state">${channel.state} since ${timeHtml(channel.since)}</span>
    <span class="detail"
      >${channel.why === '' ? '' : html`${channel.why} · `}${last}${linkHtml(channel)}</span
    >
  </li>`;
}

function linkHtml({ name, linkable }: ChannelReport): Html {
  return linkable === true ? html` · <a href="/channels/${name}">its phone</a>` : nothing;
}

function figure(name: string, value: number | string): Html {
  return html`<div>
    <dt>${name}</dt>
    <dd>${value}</dd>
  </div>`;
}
