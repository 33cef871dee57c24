import { expect, test } from 'vitest';
import { stepToHtml } from '../pages/steps.ts';
import { testWeb } from '../testing/web.ts';

const kept = 'files/out/trn_1-5-call_0-0a1b2c3d/my report (1).csv';
const bytes = new Uint8Array(Buffer.from('a,b'));
const files = { read: async (path: string) => (path === kept ? bytes : null) };

test('a file of ours is saved, never shown, and by the owner only', async () => {
  const web = testWeb({ files });
  const path = `/api/files/out/trn_1-5-call_0-0a1b2c3d/${encodeURIComponent('my report (1).csv')}`;
  const response = await web.request(path);
  expect(response.status).toBe(200);
  expect(await response.text()).toBe('a,b');
  expect(response.headers.get('content-type')).toBe('application/octet-stream');
  expect(response.headers.get('content-disposition')).toMatch(/^attachment; filename\*=UTF-8''my%20report/);
  expect((await web.request(path, { auth: false })).status).toBe(401);
});

test.each(['k/..%2F..%2Ftoken', 'k/%2Fetc%2Fpasswd', '..%2F..%2F/token', 'k/.env', 'k/gone.csv'])(
  'there is nothing else under %s',
  async (path) => {
    const asked: string[] = [];
    const read = async (name: string): Promise<null> => {
      asked.push(name);
      return null;
    };
    const web = testWeb({ files: { read } });
    expect((await web.request(`/api/files/out/${path}`)).status).toBe(404);
    expect(asked.filter((name) => name !== 'files/out/k/gone.csv')).toEqual([]);
  },
);

test('the page links what a notice says is kept', () => {
  const notice = (text: string): string =>
    stepToHtml(
      { seq: 1, conversation: 'cnv_1', turn: null, at: 0, body: { kind: 'notice', text } },
      { renderHtml: () => '', owner: 'ann' },
    );
  const link = '<a href="/api/files/out/k-1/a%20%22b.csv" download>a &quot;b.csv</a>';
  expect(notice('**a "b.csv** is kept as `files/out/k-1/a "b.csv`.')).toContain(link);
  expect(notice('Queued.')).not.toContain('<a ');
});
