/** The list of conversations: a column on a desk, a drawer on a phone. */
import { callApi, fetchPiece, localiseTimes } from './page.js';

const settleMs = 400;

export function createSidebar({ current }) {
  const sidebar = document.querySelector('#sidebar');
  const opener = document.querySelector('#open-sidebar');
  const shade = document.querySelector('#shade');
  const list = document.querySelector('#conversations');
  const title = document.querySelector('.topbar h1');
  let waiting = 0;

  opener.addEventListener('click', () => setOpen(true));
  document.querySelector('#close-sidebar').addEventListener('click', () => setOpen(false));
  shade.addEventListener('click', () => setOpen(false));
  document.addEventListener('keydown', (event) => event.key === 'Escape' && setOpen(false));
  document.querySelector('#logout').addEventListener('click', async () => {
    await callApi('/api/logout', { body: {} }).catch(() => undefined);
    location.assign('/');
  });
  return { refresh };

  function setOpen(open) {
    if (sidebar.classList.contains('open') === open) return;
    sidebar.classList.toggle('open', open);
    shade.hidden = !open;
    opener.setAttribute('aria-expanded', String(open));
    if (open) sidebar.querySelector('a, button').focus();
    else opener.focus();
  }

  /** Soon, once for everything that happens meanwhile. */
  function refresh() {
    clearTimeout(waiting);
    waiting = setTimeout(draw, settleMs);
  }

  /** A new conversation has its name from its first words. */
  function showTitle() {
    const name = list.querySelector('[aria-current] .title')?.textContent;
    if (name === undefined) return;
    title.textContent = name;
    document.title = `${name} · Tiro`;
  }

  async function draw() {
    try {
      list.innerHTML = await fetchPiece(`/page/conversations?current=${encodeURIComponent(current())}`);
      localiseTimes(list);
      showTitle();
    } catch {
      // The list stays as it was; the banner tells when the connection is gone.
    }
  }
}
