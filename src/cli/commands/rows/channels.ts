import type { Command } from 'commander';
import { addCommand, addGroup, type Bind } from '../../command.ts';
import { formatAge } from '../../output/format.ts';

/** `tiro channels [list]` */
export function register(program: Command, bind: Bind): void {
  const group = addGroup(program, {
    name: 'channels',
    summary: 'the connected channels',
    examples: [['channels', 'each channel, up or down, and why']],
  });
  addCommand(
    group,
    { name: 'list', summary: 'each channel, up or down, and why', examples: [] },
    { isDefault: true },
  ).action(
    bind(async ({ withControl, print, json, deps }) => {
      const channels = await withControl((client) => client.run('channels.list', {}));
      if (json) print.json(channels);
      else {
        const now = deps.clock.now();
        const rows = channels.map((channel) => [
          channel.name,
          channel.state,
          formatAge(channel.since, now),
          channel.lastEventAt === null ? '-' : formatAge(channel.lastEventAt, now),
          channel.why,
        ]);
        print.table(['CHANNEL', 'STATE', 'SINCE', 'LAST MESSAGE', 'WHY'], rows);
      }
      return 0;
    }),
  );
}
