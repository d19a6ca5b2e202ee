import type { Language } from '../../language.js';
import type { Mail } from '../mailer.js';

/** The words of one mail, plain: the layout escapes them. */
export interface MailWords {
  /** A constant: nothing that anybody typed. */
  subject: string;
  paragraphs: string[];
  /** Lines of a name and a value. */
  facts?: (readonly [name: string, value: string])[];
  /** The link, and what is written on it. */
  button?: { label: string; href: string } | undefined;
  /** Paragraphs below the link. */
  closing?: string[];
}

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Text as HTML shows it, in an element or in a quoted attribute. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ESCAPES[character] ?? '');
}

/** One line, whatever somebody may have put into it: a value can't begin a paragraph of its own. */
function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ').trim();
}

/** The mail in both forms, of equal content. */
export function layOut({ to, language, words }: { to: string; language: Language; words: MailWords }): Mail {
  const { subject } = words;
  return { to, subject: oneLine(subject), text: asText(words), html: asHtml({ language, words }) };
}

function asText({ paragraphs, facts = [], button, closing = [] }: MailWords): string {
  const factLines = facts.map(([name, value]) => `${name}: ${oneLine(value)}`).join('\n');
  const link = button === undefined ? '' : `${button.label}:\n${button.href}`;
  return `${[...paragraphs, factLines, link, ...closing].filter((part) => part !== '').join('\n\n')}\n`;
}

function asHtml({ language, words }: { language: Language; words: MailWords }): string {
  const { subject, paragraphs, facts = [], button, closing = [] } = words;
  const paragraph = (text: string) => `<p>${escapeHtml(text)}</p>`;
  const rows = facts.map(
    ([name, value]) =>
      `<tr><td style="padding-right:1em;color:#555">${escapeHtml(name)}</td><td>${escapeHtml(oneLine(value))}</td></tr>`,
  );
  const href = escapeHtml(button?.href ?? '');
  const link = button && [
    `<p><a href="${href}" style="display:inline-block;padding:0.6em 1.2em;background:#1f4fd8;color:#fff;` +
      `text-decoration:none;border-radius:4px">${escapeHtml(button.label)}</a></p>`,
    `<p style="color:#555;word-break:break-all">${href}</p>`,
  ];
  return [
    `<!doctype html><html lang="${language}"><head><meta charset="utf-8"><title>${escapeHtml(subject)}</title></head>`,
    '<body style="font-family:sans-serif;max-width:36em;margin:1.5em auto;color:#111;line-height:1.5">',
    ...paragraphs.map(paragraph),
    ...(rows.length > 0 ? [`<table role="presentation">${rows.join('')}</table>`] : []),
    ...(link ?? []),
    ...closing.map(paragraph),
    '</body></html>',
  ].join('\n');
}
