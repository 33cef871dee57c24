/** Draws the status anew every few seconds while somebody looks. */
import { fetchPiece, localiseTimes } from './page.js';

const everyMs = 5_000;
const main = document.querySelector('#status');
localiseTimes(main);
setInterval(refresh, everyMs);

async function refresh() {
  if (document.hidden) return;
  try {
    main.innerHTML = await fetchPiece('/page/status');
    localiseTimes(main);
  } catch (error) {
    if (error.status === 401) location.assign('/');
    const title = main.querySelector('h1');
    title.className = 'down';
    title.textContent = error.message;
  }
}
