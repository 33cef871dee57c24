import { platforms, variants } from '#test/fakes/platforms.ts';
import { testChannel } from './channel.ts';

for (const choice of [...platforms, ...variants]) testChannel(choice);
