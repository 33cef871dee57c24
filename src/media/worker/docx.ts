import { type Unzipped, unzip, zipOf } from './zip.ts';

export const docxMime = 'application/vnd.openxmlformats-officedocument.wordprocessingml.document';

/** XML of this much makes a tree of some ten times as much. */
const mostXmlBytes = 12_000_000;
const wantedPart = /^(\[Content_Types\]\.xml|_rels\/\.rels|word\/[^/]+\.xml|word\/_rels\/[^/]+\.rels)$/;

const refusals: Readonly<Record<Extract<Unzipped, { ok: false }>['why'], string>> = {
  bomb: 'it unpacks to more than a document may hold',
  damaged: 'it is damaged',
  encrypted: 'it is encrypted',
};

/**
 * The words of a Word document. Its parts are unpacked here within limits and packed anew: what the reader opens has no
 * other entries, sizes or tricks than those that were seen.
 */
export async function docxText(
  bytes: Uint8Array,
): Promise<{ readonly ok: true; readonly text: string } | { readonly ok: false; readonly why: string }> {
  const unzipped = unzip(bytes, { wanted: (name) => wantedPart.test(name), mostBytes: mostXmlBytes });
  if (!unzipped.ok) return { ok: false, why: refusals[unzipped.why] };
  const { default: mammoth } = await import('mammoth');
  const { value } = await mammoth.extractRawText({ buffer: zipOf(unzipped.entries) });
  return { ok: true, text: value.replaceAll(/\n{3,}/g, '\n\n').trim() };
}
