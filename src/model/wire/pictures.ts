import type { OpenAI } from 'openai';
import type { ModelImage, ModelMessage, ModelRequest } from '#core/ports/model.ts';
import type { Target } from '../catalogue/names.ts';
import type { Facts } from './refusal/facts.ts';

/** The bytes of a picture by its path in the home; null when it is not there any more. */
export type ReadPicture = (path: string) => Promise<Uint8Array | null>;

/** How each picture of a request is shown: as pixels, or as words that say why not. */
export type Pictures = ReadonlyMap<string, Shown>;

type Shown = { readonly url: string } | { readonly words: string };
type UserMessage = Extract<ModelMessage, { role: 'user' }>;
type Content = string | OpenAI.Chat.Completions.ChatCompletionContentPart[];

/** Servers take bodies of some 20 MB; base64 makes a picture a third longer. Older ones give way to newer ones. */
const mostBytes = 12_000_000;
const mostRefused = 1_000;

const blind: Shown = { words: '[a picture that this model cannot see]' };
const refused: Shown = { words: '[a picture that this model does not take]' };
const gone: Shown = { words: '[a picture that is not kept any more]' };
const left: Shown = { words: '[a picture, left out because there are too many large ones]' };

export const noPictures: Pictures = new Map();

/** Reads what is shown, and remembers which pictures a model refused: they would make every later call fail. */
export interface PictureBook {
  show(request: ModelRequest, target: Target): Promise<Pictures>;
  /** True when the refusal is about the pictures: from now on they are words, and the call is made again. */
  learn(target: Target, shown: Pictures, refusal: Facts): boolean;
}

export function createPictureBook(read: ReadPicture = async () => null): PictureBook {
  const notTaken = new Set<string>();
  return { show, learn };

  async function show(request: ModelRequest, target: Target): Promise<Pictures> {
    const images = picturesIn(request);
    if (images.length === 0 || !target.vision) return noPictures;
    const pictures = new Map<string, Shown>();
    let room = mostBytes;
    for (const image of images.toReversed()) {
      if (pictures.has(image.path)) continue;
      const isRefused = notTaken.has(keyOf(target, image.path));
      const bytes = isRefused ? null : await read(image.path);
      if (bytes !== null && bytes.byteLength <= room) {
        room -= bytes.byteLength;
        pictures.set(image.path, { url: dataUrl(image, bytes) });
      } else {
        pictures.set(image.path, isRefused ? refused : bytes === null ? gone : left);
      }
    }
    return pictures;
  }

  function learn(target: Target, shown: Pictures, refusal: Facts): boolean {
    const sent = [...shown].filter(([, picture]) => 'url' in picture);
    if (sent.length === 0 || !isAboutPictures(refusal)) return false;
    // Which of them it was is not said.
    for (const [path] of sent) notTaken.add(keyOf(target, path));
    for (const key of notTaken) {
      if (notTaken.size <= mostRefused) break;
      notTaken.delete(key);
    }
    return true;
  }
}

export function picturesIn(request: ModelRequest): readonly ModelImage[] {
  return request.messages.flatMap((message) => (message.role === 'user' ? (message.images ?? []) : []));
}

/** A message's words, and behind them its pictures in order. */
export function userContent({ content, images = [] }: UserMessage, pictures: Pictures): Content {
  const shown = images.map(({ path }) => pictures.get(path) ?? blind);
  const words = shown.flatMap((picture) => ('words' in picture ? [picture.words] : []));
  const text = [content, ...words].join('\n');
  const urls = shown.flatMap((picture) => ('url' in picture ? [picture.url] : []));
  if (urls.length === 0) return text;
  return [{ type: 'text', text }, ...urls.map((url) => ({ type: 'image_url' as const, image_url: { url } }))];
}

/** A model without eyes, a server that takes text only, a picture that is damaged behind its header, a body too large. */
function isAboutPictures({ status, message }: Facts): boolean {
  if (status === 413) return true;
  const isRefusal = status === 400 || status === 404 || status === 415 || status === 422;
  return isRefusal && /image|picture|vision|multi-?modal|content.*string|expected a? ?string/i.test(message);
}

function keyOf(target: Target, path: string): string {
  return `${target.label} ${path}`;
}

function dataUrl({ mime }: ModelImage, bytes: Uint8Array): string {
  const { buffer, byteOffset, byteLength } = bytes;
  return `data:${mime};base64,${Buffer.from(buffer, byteOffset, byteLength).toString('base64')}`;
}
