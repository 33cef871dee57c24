import type { CliHome } from '../../deps.ts';
import type { ChannelMode, ChannelPlatform, ChannelSecret, Settings } from './platform.ts';

/** The secrets that these answers call for. */
export function secretsFor({ secrets }: ChannelMode, settings: Settings): readonly ChannelSecret[] {
  return secrets.filter(({ needed }) => needed === undefined || needed(settings));
}

/** Where a secret is kept. Each entry of a platform that has several has names of its own. */
export function namesOf(
  { entry }: ChannelPlatform,
  { variable, fileName }: ChannelSecret,
  settings: Settings,
): Pick<ChannelSecret, 'variable' | 'fileName'> {
  if (entry === undefined) return { variable, fileName };
  const name = settings[entry.setting] ?? '';
  const upper = name.toUpperCase().replaceAll('-', '_');
  return { variable: `${variable}_${upper}_SECRET`, fileName: `${fileName}-${name}-secret` };
}

/** The channel's section in config.yaml, or the one of its entry. */
export function sectionOf({ name, entry }: ChannelPlatform, settings: Settings): readonly string[] {
  const top = ['channels', name];
  return entry === undefined ? top : [...top, entry.map, settings[entry.setting] ?? ''];
}

/** Whether config.yaml has this secret already: a new one would lock out whoever knows the old one. */
export function isKept(
  at: {
    readonly home: Pick<CliHome, 'isSet'>;
    readonly platform: ChannelPlatform;
    readonly settings: Settings;
  },
  key: string,
): Promise<boolean> {
  return at.home.isSet([...sectionOf(at.platform, at.settings), ...key.split('.')]);
}
