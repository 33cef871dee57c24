import { rootsOf } from './roots.ts';

/** What fails while connecting: name, socket, certificate. */
const beforeTheRequest = /^(connect|getaddrinfo) |CONNECT_TIMEOUT|CERT|UNABLE_TO_|ERR_TLS|ERR_INVALID_URL/;

/** Why a `fetch` to `whom` brought no answer. `left`: the request may have arrived. `why` holds no URL. */
export function howItBroke(
  error: unknown,
  whom: string,
  signal: AbortSignal,
): { readonly left: boolean; readonly why: string } {
  if (signal.aborted) return { left: true, why: 'stopped while waiting for the answer' };
  const roots = [...new Set(rootsOf(error))];
  const words = roots.join(', ');
  return roots.every((root) => beforeTheRequest.test(root))
    ? { left: false, why: `no connection to ${whom} (${words})` }
    : { left: true, why: `the connection to ${whom} broke before its answer (${words})` };
}
