import type { Language } from '../../platform/language.js';
import type { AccountPage } from '../../platform/mail/account-link.js';
import { escapeHtml } from '../../platform/mail/templates/layout.js';
import { accountOperations, requestResetQuery } from './account-operations.js';
import { accountScript } from './account-script.js';
import { type AccountWords, accountWords } from './account-words.js';

const STYLE = `
body { font-family: system-ui, sans-serif; line-height: 1.5; max-width: 26rem; margin: 3rem auto; padding: 0 1rem; color: #111; background: #fff; }
label, input, button { font: inherit; }
input[type='password'], input[type='text'], input[type='email'] { display: block; width: 100%; box-sizing: border-box; padding: 0.5rem; border: 1px solid #666; border-radius: 4px; }
button { margin-top: 1rem; padding: 0.5rem 1rem; border: 0; border-radius: 4px; color: #fff; background: #1f4fd8; }
button:disabled { background: #777; }
#status:not(:empty) { padding: 0.5rem 0.75rem; border-left: 4px solid; }
.good { color: #075e2b; } .bad { color: #a01212; }
`;

/** A page that a link in a mail leads to, and the policy under which it runs: its own script and style, nothing else. */
export function accountPage(needs: { page: AccountPage; language: Language; nonce: string }): {
  body: string;
  contentSecurityPolicy: string;
} {
  const { page, language, nonce } = needs;
  const words = accountWords[language];
  const { title, intro } = words.pages[page];
  const body = [
    `<!doctype html><html lang="${language}"><head><meta charset="utf-8">`,
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    `<title>${escapeHtml(title)}</title><style nonce="${nonce}">${STYLE}</style></head><body>`,
    `<main data-page="${escapeHtml(JSON.stringify(scriptFacts(page, words)))}">`,
    `<h1>${escapeHtml(title)}</h1><p>${escapeHtml(intro)}</p>`,
    '<p id="status" role="status" tabindex="-1"></p>',
    passwordForm(page, words),
    accountOperations[page].isNewPassword ? '' : forgottenForm(words),
    `<noscript><p>${escapeHtml(words.needsScript)}</p></noscript></main>`,
    `<script nonce="${nonce}">${accountScript}</script></body></html>`,
  ].join('\n');
  return { body, contentSecurityPolicy: contentSecurityPolicy(nonce) };
}

function scriptFacts(page: AccountPage, words: AccountWords): object {
  const { query, field, done } = accountOperations[page];
  const { outcomes, weaknesses, resetSent: resetText } = words;
  const doneText = words.pages[page].done;
  return { query, field, done, doneText, resetQuery: requestResetQuery, resetText, outcomes, weaknesses };
}

function passwordForm(page: AccountPage, words: AccountWords): string {
  const { passwordLabel, button } = words.pages[page];
  const autocomplete = accountOperations[page].isNewPassword ? 'new-password' : 'current-password';
  return `<form id="form" hidden>
<label for="password">${escapeHtml(passwordLabel)}</label>
<input id="password" type="password" required autocomplete="${autocomplete}">
<label><input id="show" type="checkbox"> ${escapeHtml(words.showPassword)}</label>
<div><button>${escapeHtml(button)}</button></div></form>`;
}

function forgottenForm(words: AccountWords): string {
  return `<details id="forgotten"><summary>${escapeHtml(words.forgotten)}</summary><form id="reset">
<label for="email">${escapeHtml(words.emailLabel)}</label>
<input id="email" type="email" required autocomplete="username">
<button>${escapeHtml(words.sendReset)}</button></form></details>`;
}

function contentSecurityPolicy(nonce: string): string {
  return [
    "default-src 'none'",
    `script-src 'nonce-${nonce}'`,
    `style-src 'nonce-${nonce}'`,
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join(';');
}
