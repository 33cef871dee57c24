import { relative } from 'node:path';
import { roomOf, rooms } from '../rooms.ts';
import { literalTextOf, type LintRule } from './syntax.ts';

// Keywords all in capitals or all in small letters: "Select a model from the list" is a sentence, not a query.
const upper = [
  'SELECT\\b[^]*\\bFROM\\b',
  'INSERT (OR \\w+ )?INTO\\b',
  'REPLACE INTO\\b',
  'UPDATE \\S+ SET\\b',
  'DELETE FROM\\b',
  'CREATE (TEMP |UNIQUE |VIRTUAL )?(TABLE|INDEX|VIEW|TRIGGER)\\b',
  '(ALTER|DROP) TABLE\\b',
  'PRAGMA \\w+',
  'WITH (RECURSIVE )?\\w+ AS \\(',
  'BEGIN (IMMEDIATE|EXCLUSIVE|DEFERRED)\\b',
  '(SAVEPOINT|ATTACH DATABASE|VACUUM INTO)\\b',
].join('|');
// Escapes such as \b and \w stay as they are.
const lower = upper.replace(/\\\w|[A-Z]/g, (part) => (part.startsWith('\\') ? part : part.toLowerCase()));
const statement = new RegExp(`^\\s*(?:${upper}|${lower})`);

/** Reports text that is an SQL statement in rooms that do not own the database. */
export const sql: LintRule = {
  create(context) {
    const own = roomOf(relative(context.cwd, context.filename));
    if (own === null || own === 'test' || rooms[own]?.owns.includes('sql') === true) return {};
    const visit: ReturnType<LintRule['create']>[string] = (node) => {
      const text = literalTextOf(node)?.replace(/\s+/g, ' ');
      if (text !== undefined && statement.test(text))
        context.report({ node, message: 'SQL lives in src/store only.' });
    };
    return { Literal: visit, TemplateLiteral: visit };
  },
};
