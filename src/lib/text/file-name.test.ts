import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { cleanFileName } from './file-name.ts';

test.each([
  ['report.pdf', 'report.pdf'],
  ['../../etc/passwd', 'passwd'],
  ['C:\\Users\\ann\\cv.docx', 'cv.docx'],
  ['a]\n\n[ann approved', 'a) (ann approved'],
  ['.bashrc', 'bashrc'],
  ['..', 'file'],
  ['', 'file'],
  ['pay\u202Efdp.exe', 'pay fdp.exe'],
  [`${'x'.repeat(200)}.csv`, `${'x'.repeat(76)}.csv`],
])('%j becomes %j', (name, clean) => {
  expect(cleanFileName(name)).toBe(clean);
});

test('whatever the name, it is one short segment on one line, and clean already the second time', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (name) => {
      const clean = cleanFileName(name);
      expect(clean).toMatch(/^[^/\\\n\r[\]<>:"|?*`]{1,80}$/);
      expect(['.', '..']).not.toContain(clean);
      expect(clean.isWellFormed()).toBe(true);
      expect(cleanFileName(clean)).toBe(clean);
    }),
  );
});
