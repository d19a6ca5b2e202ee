/** What a role may be called. ADMIN is the only one with a built-in meaning. */
export const ROLE_NAME = /^[A-Z][A-Z0-9_]*$/;
