import { html } from 'hono/html';
import { type Html, nothing } from './html.ts';
import { documentHtml, wordmark } from './layout.ts';

/** Shown to whoever has no session: how to get one, and a form for the token. */
export function loginPage(problem: string | null): Html {
  return documentHtml({
    title: 'Log in · Tiro',
    className: 'plain-page',
    script: null,
    body: html`<main class="card">
      ${wordmark}
      <h1>Log in</h1>
      <p>
        <code>tiro start</code> prints a link that logs this browser in. It works once and for ten minutes;
        start the gateway again to get another.
      </p>
      <form method="post" action="/login">
        <label for="token">Or paste the token</label>
        <input
          id="token"
          name="token"
          type="password"
          required
          autocomplete="current-password"
          aria-describedby="token-help"
        />
        <p class="hint" id="token-help">It stands in the file <code>token</code> of Tiro's home folder.</p>
        ${problem === null ? nothing : html`<p class="problem" role="alert">${problem}</p>`}
        <button type="submit" class="primary">Log in</button>
      </form>
    </main>`,
  });
}

/** Anything that went wrong on a page, in words. */
export function problemPage(problem: { readonly status: number; readonly message: string }): Html {
  return documentHtml({
    title: `${problem.status} · Tiro`,
    className: 'plain-page',
    script: null,
    body: html`<main class="card">
      ${wordmark}
      <h1>${problem.status === 404 ? 'Not here' : 'That did not work'}</h1>
      <p>${problem.message}</p>
      <p><a href="/">Back to the conversations</a></p>
    </main>`,
  });
}
