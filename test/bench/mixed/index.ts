import { z } from 'zod';
import { channelNames, runCampaign } from '#test/crash/campaign/index.ts';
import { judge } from '#test/crash/checker/judge.ts';
import { type Bench, count, defineBench } from '../bench.ts';
import { toFindings } from './findings.ts';

/** One channel of each kind: a gateway has one WhatsApp. */
const channels = channelNames.filter((name: string) => name !== 'whatsapp-cloud');

/** A gateway with every channel at once, killed now and then, while their networks break one after the other. */
export const mixedBench: Bench = defineBench({
  name: 'mixed',
  summary: 'all channels in one gateway, with kills and outages: lost, doubled, out of order',
  options: z.object({
    messages: count(11_000, 'messages in all'),
    kills: count(20, 'kills and takeovers, spread over them', 0),
    think: count(8_000, 'milliseconds that each chat waits before it goes on, on average', 0),
    seed: count(1, 'of the chances: when, where, who says what', 0),
  }),
  async run({ messages, kills, think, seed }, say) {
    say(`${channels.length} channels: ${channels.join(', ')}`);
    const options = { messages, kills, seed, channels, outages: true, thinkMs: think, say };
    const campaign = await runCampaign({ ...options, patienceMs: 120_000 });
    const verdict = judge(campaign.history);
    for (const problem of [...campaign.problems, ...verdict.problems]) say(problem);
    return toFindings(campaign, verdict, { channels, seed });
  },
});
