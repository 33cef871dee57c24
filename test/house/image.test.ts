import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { channelPlatforms } from '#cli/wizard/channel/index.ts';

const root = new URL('../../', import.meta.url);
const dockerfile = readFileSync(new URL('Dockerfile', root), 'utf8');
const compose: unknown = parse(readFileSync(new URL('docker-compose.yml', root), 'utf8'));

test('the gateway of docker-compose.yml is seen by its own machine only and may do no more than it needs', () => {
  expect(compose).toMatchObject({
    services: {
      gateway: {
        ports: ['127.0.0.1:4180:4180'],
        init: true,
        read_only: true,
        tmpfs: ['/tmp'],
        cap_drop: ['ALL'],
        security_opt: ['no-new-privileges:true'],
        volumes: ['home:/home/tiro/.tiro'],
      },
      ollama: { profiles: ['ollama'] },
    },
  });
});

test('the gateway of docker-compose.yml is given every variable that `channels add --from-env` writes into config.yaml', () => {
  // Those of webhook endpoints are called as their owner calls the endpoint: a compose file of one's own names them.
  const variables = channelPlatforms
    .filter(({ entry }) => entry === undefined)
    .flatMap(({ modes }) =>
      modes.flatMap(({ secrets }) => secrets.map(({ variable }) => [variable, `\${${variable}:-}`])),
    );
  expect(compose).toMatchObject({ services: { gateway: { environment: Object.fromEntries(variables) } } });
});

test('the image is built without optional packages unless a build argument asks for them', () => {
  expect(dockerfile).toMatch(/^ARG OPTIONAL=omit\nRUN npm ci .*"--\$OPTIONAL=optional"/m);
  expect(compose).toMatchObject({
    services: { gateway: { build: { args: { OPTIONAL: '${TIRO_OPTIONAL:-omit}' } } } },
  });
});

test('the image runs on the Node of package.json, not as root, and keeps its home in the volume', () => {
  const last = dockerfile.slice(dockerfile.lastIndexOf('\nFROM '));
  expect(last).toMatch(/^\nFROM node:24-slim\n/);
  expect(last.match(/^USER (.*)$/gm)).toEqual(['USER tiro']);
  expect(last.indexOf('\nCMD ')).toBeGreaterThan(last.indexOf('\nUSER tiro'));
  expect(last).toContain('TIRO_HOME=/home/tiro/.tiro');
  expect(last).toContain('VOLUME /home/tiro/.tiro');
});
