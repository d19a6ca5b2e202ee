import { needsRenewal, type RefusalLike } from './needs-renewal.js';

/**
 * Whether an answer by HTTP says that another access token might be taken: by its GraphQL errors; where it tells none,
 * by status 401.
 */
export function isRefused(status: number, body: string): boolean {
  const errors = errorsIn(body);
  return errors === null ? status === 401 : needsRenewal(errors);
}

function errorsIn(body: string): RefusalLike[] | null {
  try {
    const { errors } = JSON.parse(body) as { errors?: unknown };
    return Array.isArray(errors) ? errors.filter((error) => error !== null) : null;
  } catch {
    return null;
  }
}
