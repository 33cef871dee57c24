import { registerHooks } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { applyEdits } from './apply.ts';
import { mutantNamed } from './list.ts';

/**
 * `node --import file:///…/test/crash/mutants/hook.ts?mutant=NAME`: the mutant's edits are made in the product's source
 * while it is loaded, in this thread and in its workers.
 */
const root = join(import.meta.dirname, '../../..');
const name = new URL(import.meta.url).searchParams.get('mutant') ?? '';
const byFile = Map.groupBy(mutantNamed(name).edits, ({ file }) => join(root, file));
registerHooks({
  load(url, context, nextLoad) {
    const loaded = nextLoad(url, context);
    const edits = url.startsWith('file:') ? byFile.get(fileURLToPath(url)) : undefined;
    if (edits === undefined) return loaded;
    const source =
      typeof loaded.source === 'string' ? loaded.source : new TextDecoder().decode(loaded.source);
    return { ...loaded, source: applyEdits(source, edits) };
  },
});
