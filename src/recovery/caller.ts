import type { ClientFacts } from '../platform/audit/audit.js';
import type { Language } from '../platform/language.js';

/** Where a request came from, and in which language it asks for mail; null: in none of ours. */
export interface Caller extends ClientFacts {
  mailLanguage: Language | null;
}
