import type { StepBody } from '#core/step.ts';
import { cleanText, cut, oneLine } from './text.ts';

const longestArguments = 200;

/** A step as people read it: who, and what was said or done. Empty text: there is nothing to tell. */
export function describeStep(body: StepBody): { readonly who: string; readonly text: string } {
  switch (body.kind) {
    case 'input':
      return { who: oneLine(body.name), text: withFiles(cleanText(body.text), body.files) };
    case 'media':
      return { who: 'file', text: `${oneLine(body.name)}: ${describeMedia(body)}` };
    case 'reply':
      return { who: 'tiro', text: cleanText(body.text) };
    case 'said':
      return { who: 'tiro', text: cleanText(body.text) };
    case 'notice':
      return { who: 'notice', text: cleanText(body.text) };
    case 'intent':
      return { who: 'tool', text: `${body.tool} ${cut(oneLine(body.arguments), longestArguments)}` };
    case 'result':
      return {
        who: 'tool',
        text: `${body.tool} → ${body.outcome}: ${cut(oneLine(body.content), longestArguments)}`,
      };
    case 'decision':
      return {
        who: oneLine(body.by),
        text: `${body.decision} ${body.approval}${body.reason === null ? '' : `: ${oneLine(body.reason)}`}`,
      };
    case 'end':
      return {
        who: 'turn',
        text:
          body.status === 'done'
            ? ''
            : `${body.status}${body.reason === null ? '' : `: ${oneLine(body.reason)}`}`,
      };
  }
}

function describeMedia({ outcome, content }: Extract<StepBody, { kind: 'media' }>): string {
  if (outcome === 'image') return 'a picture';
  return outcome === 'text' ? `read, ${content.length} characters` : oneLine(content);
}

function withFiles(text: string, files: readonly { readonly name: string }[]): string {
  return [text, ...files.map((file) => `[${oneLine(file.name)}]`)].join('\n').trim();
}
