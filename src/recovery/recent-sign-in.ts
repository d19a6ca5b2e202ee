/** How long ago a password must have been shown, at most, for what could take an account away from its owner. */
export const RECENT_SIGN_IN_SECONDS = 600;
