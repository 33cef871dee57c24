/** Something that a test needs and that a machine may lack: a browser, Docker, a platform. */
export interface Requirement {
  readonly name: string;
  readonly present: boolean;
  /** What a person does to get it: `apt-get install chromium`. */
  readonly enable: string;
}

export interface Need {
  readonly skip: boolean;
  readonly reason: string;
}

/**
 * Tells a test whether to skip, and why; hand both to `skip`, so that the summary of `npm test` can list the reason:
 *
 *     const browser = needs({ name: 'Chromium', present: existsSync(chromium), enable: 'apt-get install chromium' });
 *     test('…', ({ skip }) => { skip(browser.skip, browser.reason); … });        or in a beforeEach, for a whole file
 *
 * With CI=true nothing may be missing: it throws, and the file fails.
 */
export function needs({ name, present, enable }: Requirement, isCi = process.env['CI'] === 'true'): Need {
  const reason = `${name} is missing; ${enable} enables it`;
  if (!present && isCi) throw new Error(`${reason}. With CI=true a missing requirement is a failure.`);
  return { skip: !present, reason: present ? '' : reason };
}
