import { takeLinkToken } from '@gatehouse/client/account';

const PAGES = ['verify-email', 'confirm-email-change', 'reset-password', 'undo-email-change'] as const;

/** A link of a mail. */
export interface Link {
  readonly page: (typeof PAGES)[number];
  readonly token: string;
}

/** The link by which this page was opened; null: it was opened by itself. Read once: then the address bar is clean. */
export const openedLink: Link | null = readLink();

function readLink(): Link | null {
  const page = PAGES.find((name) => location.pathname.endsWith(`/account/${name}`));
  if (page === undefined) return null;
  const token = takeLinkToken();
  history.replaceState(null, '', import.meta.env.BASE_URL);
  return token === null ? null : { page, token };
}
