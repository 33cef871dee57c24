import { registerHooks } from 'node:module';
import { applyEdits } from '../mutants/apply.ts';

/**
 * `node --import` of this file weakens the product's database to PRAGMA synchronous=$WEAKEN_TO as its source is loaded, in
 * every thread: the reference that shows that the power cuts would tell.
 */
const to = process.env['WEAKEN_TO'] === 'OFF' ? 'OFF' : 'NORMAL';
const file = 'src/store/opening/database.ts';
const edits = [
  { file, find: "'synchronous = FULL'", replace: `'synchronous = ${to}'` },
  {
    file,
    find: "require(db, 'synchronous', 2)",
    replace: `require(db, 'synchronous', ${to === 'OFF' ? 0 : 1})`,
  },
];

registerHooks({
  load(url, context, next) {
    const loaded = next(url, context);
    if (!url.endsWith(`/${file}`)) return loaded;
    const { source } = loaded;
    const text = typeof source === 'string' ? source : new TextDecoder().decode(source);
    return { ...loaded, source: applyEdits(text, edits) };
  },
});
