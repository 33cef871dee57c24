import { border } from './border.ts';
import { purity } from './purity.ts';
import { sql } from './sql.ts';

/** What oxlint's own rules cannot say about this house: see test/borders.test.ts for one violation of each. */
export default { meta: { name: 'house' }, rules: { border, purity, sql } };
