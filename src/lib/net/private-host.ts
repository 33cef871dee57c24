import { isIPv4 } from 'node:net';

/**
 * Whether a host of a URL is surely this machine or its own network: what is sent there in the clear does not cross the
 * internet. Only for warnings: a name may lead anywhere, so this guards nothing.
 */
export function isPrivateHost(host: string): boolean {
  const name = host.toLowerCase().replace(/^\[|\]$/g, '');
  if (name === '::1' || /^f[cd][0-9a-f]{2}:/.test(name) || /^fe[89ab][0-9a-f]:/.test(name)) return true;
  if (isIPv4(name)) return isPrivateV4(name);
  if (name.includes(':')) return false;
  // A name without a dot, such as that of a container, is known in its own network only.
  return !name.includes('.') || /\.(?:localhost|local|internal|lan|home\.arpa|test)$/.test(name);
}

function isPrivateV4(address: string): boolean {
  const [a = 0, b = 0] = address.split('.').map(Number);
  return (
    a === 127 ||
    a === 10 ||
    (a === 172 && b >= 16 && b < 32) ||
    (a === 192 && b === 168) ||
    (a === 169 && b === 254)
  );
}
