/** What a file is, by its bytes alone. */
export interface Kind {
  readonly family: Family;
  readonly mime: string;
}

export type Family = 'text' | 'pdf' | 'docx' | 'picture' | 'audio' | 'video' | 'archive' | 'other';

/** For sentences such as "it holds …". */
const familyWords: Readonly<Record<Family, string>> = {
  text: 'plain text',
  pdf: 'a PDF',
  docx: 'a Word document',
  picture: 'a picture',
  audio: 'a recording',
  video: 'a video',
  archive: 'an archive',
  other: 'something else',
};

/** ZIP is left out of file-type's hands: to name what is in one, it unpacks parts of it without our limits. */
const zipMark = [0x50, 0x4b] as const;

/** Null: no known mark; it may be text. */
export async function sniff(bytes: Uint8Array): Promise<Kind | 'zip' | null> {
  if (bytes[0] === zipMark[0] && bytes[1] === zipMark[1] && (bytes[2] ?? 0) < 9) return 'zip';
  const { fileTypeFromBuffer } = await import('file-type');
  const found = await fileTypeFromBuffer(bytes);
  if (found === undefined) return null;
  const mime: string = found.mime === 'image/apng' ? 'image/png' : found.mime;
  return { family: familyOf(mime), mime };
}

function familyOf(mime: string): Family {
  if (mime === 'application/pdf') return 'pdf';
  if (mime === 'application/xml') return 'text';
  // Ogg without a known stream inside it is what many voice notes are.
  if (mime.startsWith('audio/') || mime === 'application/ogg') return 'audio';
  if (mime.startsWith('image/') && mime !== 'image/svg+xml') return 'picture';
  if (mime.startsWith('video/')) return 'video';
  return /zip|tar|rar|7z|compress|bzip|xz|zst/.test(mime) ? 'archive' : 'other';
}

const byExtension: Readonly<Record<string, Family>> = {
  ...named('text', 'txt md csv tsv json html htm xml yaml yml log ini py js ts sh c h java rs go sql css'),
  ...named('pdf', 'pdf'),
  ...named('docx', 'docx'),
  ...named('picture', 'png jpg jpeg webp gif heic heif bmp tif tiff'),
  ...named('audio', 'ogg oga opus mp3 m4a wav flac aac'),
  ...named('video', 'mp4 mov mkv webm avi'),
  ...named('archive', 'zip tar gz rar 7z'),
};

function named(family: Family, extensions: string): Record<string, Family> {
  return Object.fromEntries(extensions.split(' ').map((extension) => [extension, family]));
}

/** Says that a file is not what its name, or else its claimed type, promises; '' when it is, or when they promise nothing. */
export function mismatch(kind: Kind, { name, claimed }: { name: string; claimed: string }): string {
  const extension = /\.([A-Za-z0-9]{1,5})$/.exec(name)?.[1]?.toLowerCase() ?? '';
  const promised = Object.hasOwn(byExtension, extension) ? byExtension[extension] : claimedFamily(claimed);
  if (promised === undefined || promised === kind.family) return '';
  // One container holds both, and phones name their recordings either way.
  if (isSound(promised) && isSound(kind.family)) return '';
  return `It is named or sent as ${familyWords[promised]}, but holds ${familyWords[kind.family]} (${kind.mime}).`;
}

function isSound(family: Family): boolean {
  return family === 'audio' || family === 'video';
}

function claimedFamily(mime: string): Family | undefined {
  if (mime.startsWith('text/') || mime === 'application/json') return 'text';
  const family = familyOf(mime);
  return family === 'other' || family === 'archive' ? undefined : family;
}
