import { constants, crc32, deflateRawSync, deflateSync } from 'node:zlib';

type Bytes = Uint8Array<ArrayBuffer>;

const bombPiece = 1_000_000;

/** Files as people send them, made byte by byte: nothing here shares code with what reads them. */
export function text(words: string): Bytes {
  return plain(Buffer.from(words, 'utf8'));
}

/** One page a text. */
export function pdf(...pages: readonly string[]): Bytes {
  return pdfWith(pages.map((words) => streamObject(pageContent(words))));
}

/** A PDF whose one page unpacks to so many bytes of a text that never ends. */
export function pdfBomb(bytes: number): Bytes {
  // One piece, packed once and repeated: each ends at a byte and refers to nothing before it.
  const piece = deflateRawSync(Buffer.alloc(bombPiece, 0x20), { finishFlush: constants.Z_FULL_FLUSH });
  const pieces = Array.from({ length: Math.ceil(bytes / bombPiece) }, () => piece);
  const packed = Buffer.concat([Buffer.from([0x78, 0x9c]), ...pieces, Buffer.from([3, 0])]);
  return pdfWith([
    Buffer.concat([
      Buffer.from(`<< /Length ${packed.length} /Filter /FlateDecode >>\nstream\n`),
      packed,
      Buffer.from('\nendstream'),
    ]),
  ]);
}

function pageContent(words: string): string {
  const escaped = words.replaceAll(/[\\()]/g, (char) => `\\${char}`);
  return `BT /F1 12 Tf 72 720 Td (${escaped}) Tj ET`;
}

function streamObject(content: string): Buffer {
  return Buffer.from(`<< /Length ${content.length} >>\nstream\n${content}\nendstream`, 'latin1');
}

function pdfWith(contents: readonly Buffer[]): Bytes {
  const kids = contents.map((_, index) => `${4 + 2 * index} 0 R`).join(' ');
  const objects = [
    Buffer.from('<< /Type /Catalog /Pages 2 0 R >>'),
    Buffer.from(`<< /Type /Pages /Kids [${kids}] /Count ${contents.length} >>`),
    Buffer.from('<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>'),
    ...contents.flatMap((content, index) => [
      Buffer.from(
        `<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Resources << /Font << /F1 3 0 R >> >> /Contents ${5 + 2 * index} 0 R >>`,
      ),
      content,
    ]),
  ];
  const parts = [Buffer.from('%PDF-1.4\n')];
  const places: number[] = [];
  let at = parts[0]?.length ?? 0;
  for (const [index, object] of objects.entries()) {
    places.push(at);
    const whole = Buffer.concat([Buffer.from(`${index + 1} 0 obj\n`), object, Buffer.from('\nendobj\n')]);
    parts.push(whole);
    at += whole.length;
  }
  const table = places.map((place) => `${String(place).padStart(10, '0')} 00000 n \n`).join('');
  const size = objects.length + 1;
  parts.push(
    Buffer.from(`xref\n0 ${size}\n0000000000 65535 f \n${table}`),
    Buffer.from(`trailer\n<< /Size ${size} /Root 1 0 R >>\nstartxref\n${at}\n%%EOF\n`),
  );
  return plain(Buffer.concat(parts));
}

export interface Packed {
  readonly name: string;
  readonly bytes: Buffer;
  /** What its headers state; default: the truth. */
  readonly statedBytes?: number;
}

export function zip(entries: readonly Packed[]): Bytes {
  const locals: Buffer[] = [];
  const centrals: Buffer[] = [];
  let at = 0;
  for (const { name, bytes, statedBytes = bytes.length } of entries) {
    const packed = deflateRawSync(bytes, { level: 9 });
    const facts = Buffer.alloc(26);
    facts.writeUInt16LE(20, 0);
    facts.writeUInt16LE(8, 4);
    facts.writeUInt32LE(crc32(bytes), 10);
    facts.writeUInt32LE(packed.length, 14);
    facts.writeUInt32LE(statedBytes, 18);
    facts.writeUInt16LE(name.length, 22);
    const local = Buffer.concat([Buffer.from('PK\u0003\u0004', 'latin1'), facts, Buffer.from(name), packed]);
    const tail = Buffer.alloc(14);
    tail.writeUInt32LE(at, 10);
    centrals.push(
      Buffer.concat([Buffer.from('PK\u0001\u0002\u0014\u0000', 'latin1'), facts, tail, Buffer.from(name)]),
    );
    locals.push(local);
    at += local.length;
  }
  const directory = Buffer.concat(centrals);
  const end = Buffer.alloc(22);
  end.write('PK\u0005\u0006', 0, 'latin1');
  end.writeUInt16LE(entries.length, 8);
  end.writeUInt16LE(entries.length, 10);
  end.writeUInt32LE(directory.length, 12);
  end.writeUInt32LE(at, 16);
  return plain(Buffer.concat([...locals, directory, end]));
}

/** A Word document with these paragraphs. */
export function docx(...paragraphs: readonly string[]): Bytes {
  const body = paragraphs.map((words) => `<w:p><w:r><w:t>${words}</w:t></w:r></w:p>`).join('');
  return docxWith(Buffer.from(wordXml(body)));
}

export function wordXml(body: string): string {
  const namespace = 'http://schemas.openxmlformats.org/wordprocessingml/2006/main';
  return `<?xml version="1.0" encoding="UTF-8"?><w:document xmlns:w="${namespace}"><w:body>${body}</w:body></w:document>`;
}

export function docxWith(document: Buffer, statedBytes = document.length): Bytes {
  const types =
    '<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/><Override PartName="/word/document.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/></Types>';
  const relations =
    '<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="word/document.xml"/></Relationships>';
  return zip([
    { name: '[Content_Types].xml', bytes: Buffer.from(types) },
    { name: '_rels/.rels', bytes: Buffer.from(relations) },
    { name: 'word/document.xml', bytes: document, statedBytes },
  ]);
}

export function png(width = 2, height = 2): Bytes {
  const chunk = (type: string, data: Buffer): Buffer => {
    const named = Buffer.concat([Buffer.from(type, 'latin1'), data]);
    const length = Buffer.alloc(4);
    length.writeUInt32BE(data.length);
    const sum = Buffer.alloc(4);
    sum.writeUInt32BE(crc32(named));
    return Buffer.concat([length, named, sum]);
  };
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 0, 0, 0, 0], 8);
  const mark = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  const rows = deflateSync(Buffer.alloc(Math.min(height, 10) * (Math.min(width, 10) + 1)));
  return plain(
    Buffer.concat([mark, chunk('IHDR', header), chunk('IDAT', rows), chunk('IEND', Buffer.alloc(0))]),
  );
}

/** Headers only, as far as sizes are read from them. */
export function jpeg(width = 3, height = 4): Bytes {
  const frame = Buffer.from([0xff, 0xc0, 0, 17, 8, 0, 0, 0, 0, 3, 1, 0x11, 0, 2, 0x11, 0, 3, 0x11, 0]);
  frame.writeUInt16BE(height, 5);
  frame.writeUInt16BE(width, 7);
  const start = Buffer.from('ffd8ffe000104a46494600010100000100010000', 'hex');
  return plain(Buffer.concat([start, frame, Buffer.from('ffd9', 'hex')]));
}

export function gif(width = 5, height = 6): Bytes {
  const size = Buffer.alloc(4);
  size.writeUInt16LE(width, 0);
  size.writeUInt16LE(height, 2);
  return plain(Buffer.concat([Buffer.from('GIF89a'), size, Buffer.alloc(24), Buffer.from(';')]));
}

export function webp(width = 7, height = 8): Bytes {
  const size = Buffer.alloc(4);
  size.writeUInt32LE((width - 1) | ((height - 1) << 14));
  const chunk = Buffer.concat([Buffer.from('VP8L'), Buffer.from([5, 0, 0, 0, 0x2f]), size, Buffer.alloc(8)]);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(chunk.length + 4);
  return plain(Buffer.concat([Buffer.from('RIFF'), length, Buffer.from('WEBP'), chunk]));
}

export function heic(): Bytes {
  const box = Buffer.from('\0\0\0\u0018ftypheic\0\0\0\0heicmif1', 'latin1');
  return plain(Buffer.concat([box, Buffer.alloc(64)]));
}

/** The first page of an Ogg stream with Opus in it: a voice note. */
export function voice(bytes = 400): Bytes {
  const page = Buffer.alloc(28);
  page.write('OggS', 0, 'latin1');
  page.set([0, 2], 4);
  page.set([1, 19], 26);
  return plain(Buffer.concat([page, Buffer.from('OpusHead\u0001\u0001', 'latin1'), Buffer.alloc(bytes)]));
}

export function wav(): Bytes {
  return plain(
    Buffer.concat([
      Buffer.from('RIFF'),
      Buffer.from([68, 0, 0, 0]),
      Buffer.from('WAVEfmt '),
      Buffer.alloc(60),
    ]),
  );
}

export function mp4(): Bytes {
  return plain(
    Buffer.concat([Buffer.from('\0\0\0\u0018ftypisom\0\0\u0002\0isomiso2', 'latin1'), Buffer.alloc(64)]),
  );
}

/** In a buffer of its own. */
function plain(bytes: Buffer): Bytes {
  const own = new Uint8Array(bytes.byteLength);
  own.set(bytes);
  return own;
}
