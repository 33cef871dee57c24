import { html } from 'hono/html';
import type { Html } from './html.ts';

/** The frame of every page. Scripts and styles are files of our own: the policy allows nothing inline. */
export function documentHtml(page: {
  readonly title: string;
  readonly className: string;
  readonly script: string | null;
  readonly body: Html;
}): Html {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta
          name="viewport"
          content="width=device-width, initial-scale=1, interactive-widget=resizes-content"
        />
        <meta name="color-scheme" content="light dark" />
        <meta name="theme-color" content="#f8f4ec" media="(prefers-color-scheme: light)" />
        <meta name="theme-color" content="#191715" media="(prefers-color-scheme: dark)" />
        <title>${page.title}</title>
        <link rel="icon" href="/assets/icon.svg" type="image/svg+xml" />
        <link rel="stylesheet" href="/assets/base.css" />
        <link rel="stylesheet" href="/assets/chat.css" />
        ${page.script === null ? '' : html`<script type="module" src="/assets/${page.script}"></script>`}
      </head>
      <body class="${page.className}">
        ${page.body}
      </body>
    </html>`;
}

/** The name with its seal, as a link to the chat. */
export const wordmark: Html = html`<a class="wordmark" href="/"
  ><img src="/assets/icon.svg" alt="" width="26" height="26" /><span>Tiro</span></a
>`;
