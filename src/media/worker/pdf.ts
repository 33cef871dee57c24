import type { getDocumentProxy } from 'unpdf';

const mostPages = 2_000;

/** The words of a PDF, page after page until `mostChars` are there; '' where it holds pictures of pages only. */
export async function pdfText(
  bytes: Uint8Array,
  mostChars: number,
): Promise<{ readonly ok: true; readonly text: string } | { readonly ok: false; readonly why: string }> {
  const unpdf = await import('unpdf');
  const document = await unpdf
    .getDocumentProxy(bytes, {
      verbosity: 0,
      stopAtErrors: false,
      maxImageSize: 1,
    })
    .catch(nameOf);
  if (typeof document === 'string')
    return { ok: false, why: document === 'PasswordException' ? 'it needs a password' : 'it is damaged' };
  const pages: string[] = [];
  let chars = 0;
  const last = Math.min(document.numPages, mostPages);
  for (let number = 1; number <= last && chars <= mostChars; number += 1) {
    const text = await pageText(document, number);
    chars += text.length;
    if (text !== '') pages.push(`[page ${number} of ${document.numPages}]\n${text}`);
  }
  return { ok: true, text: pages.join('\n\n') };
}

type Document = Awaited<ReturnType<typeof getDocumentProxy>>;

async function pageText(document: Document, number: number): Promise<string> {
  const page = await document.getPage(number);
  const { items } = await page.getTextContent();
  const text = items.map((item) => ('str' in item ? item.str + (item.hasEOL ? '\n' : '') : '')).join('');
  page.cleanup();
  return text.trim();
}

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : 'Error';
}
