/** How much of something is let through: so many points in so many seconds, counted from the first. */
export interface Allowance {
  points: number;
  seconds: number;
}

/** What is limited; each is a setting, `LIMIT_` before its name. */
export const LIMIT_NAMES = [
  'LOGIN_ACCOUNT_NETWORK',
  'LOGIN_NETWORK',
  'LOGIN_ACCOUNT_UNKNOWN_DEVICES',
  'LOGIN_DEVICE',
  'REGISTER_NETWORK',
  'CODE_ACCOUNT',
  'MAIL_ADDRESS',
  'MAIL_NETWORK',
  'REFRESH_SESSION',
  'REFRESH_REFUSED_NETWORK',
] as const;

export type LimitName = (typeof LIMIT_NAMES)[number];

export type Allowances = Readonly<Record<LimitName, Allowance>>;

/** Whose tries of what are counted together; the key is an address, an account, a device, and is kept as a hash alone. */
export interface Bucket {
  limit: LimitName;
  key: string;
}
