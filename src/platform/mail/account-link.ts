/** The pages that a link in a mail leads to. */
export const accountPages = ['verify-email', 'reset-password', 'confirm-email-change', 'undo-email-change'] as const;
export type AccountPage = (typeof accountPages)[number];

/** Makes the link of a mail. */
export type AccountLink = (needs: { page: AccountPage; token: string }) => string;

/**
 * Makes links from PUBLIC_URL alone: nothing that a request says has a part in them. The token stands in the fragment,
 * which browsers send to no server, so that it reaches no log, history of a proxy, or Referer header.
 */
export function createAccountLink({ publicUrl }: { publicUrl: string }): AccountLink {
  const base = publicUrl.replace(/\/+$/, '');
  return ({ page, token }) => `${base}/account/${page}#token=${encodeURIComponent(token)}`;
}
