import type { AnswerLike } from './remedies.js';

/** What an answer by HTTP says of refused fields: its GraphQL errors; where it tells none, status 401 is one. */
export function answerIn(status: number, body: string): AnswerLike {
  try {
    const { data, errors } = JSON.parse(body) as { data?: unknown; errors?: unknown };
    if (Array.isArray(errors)) return { data, errors: errors.filter((error) => error !== null) };
  } catch {
    // Not GraphQL.
  }
  return status === 401 ? { errors: [{ extensions: { code: 'UNAUTHENTICATED' } }] } : {};
}
