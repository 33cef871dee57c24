import { platforms } from '#test/fakes/platforms.ts';
import { testChannel } from './channel.ts';

for (const choice of platforms) testChannel(choice);
