/** A text without tokens, their lives, which are drawn, and ids: they differ between any two gateways. */
export function withoutDrawn(text: string): string {
  return text
    .replace(/eyJ[\w-]+\.[\w-]+\.[\w-]+/g, '<access token>')
    .replace(/("expiresIn"|Max-Age)([:=])\d+/g, '$1$2<seconds>')
    .replace(/[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}/g, '<id>')
    .replace(/(?<![\w-])(?=[\w.-]*\d)[\w.-]{40,}/g, '<token>');
}
