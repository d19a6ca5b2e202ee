/** Why the embedded server can't be used; stable, for programs. */
export type EmbeddedPostgresFault =
  | 'unsupported_platform'
  | 'data_folder_taken'
  | 'wrong_version'
  | 'password_missing'
  | 'no_permission'
  | 'no_space'
  | 'not_started';

/** Thrown when the embedded server can't be started; its message says what to do. */
export class EmbeddedPostgresError extends Error {
  override readonly name = 'EmbeddedPostgresError';
  constructor(
    readonly fault: EmbeddedPostgresFault,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

const FAULT_OF_CODE: Record<string, EmbeddedPostgresFault> = {
  EACCES: 'no_permission',
  EPERM: 'no_permission',
  EROFS: 'no_permission',
  ENOSPC: 'no_space',
  EDQUOT: 'no_space',
};

const MEANING: Partial<Record<EmbeddedPostgresFault, string>> = {
  no_permission: 'a permission is missing',
  no_space: 'there is no space left on the disk',
};

const REMEDY = 'Put that right, choose another GATEHOUSE_DATA_DIR, or set DATABASE_URL.';

/** The code of a failed system call, or null for any other error. */
export function systemCallCode(error: unknown): string | null {
  // Not by instanceof: where tests run in a realm of their own, the platform's errors are of another one's class.
  const isCoded = typeof error === 'object' && error !== null && 'code' in error;
  return isCoded && typeof error.code === 'string' ? error.code : null;
}

/** Any error as one of ours: failed system calls get the fault they stand for. */
export function toEmbeddedPostgresError(error: unknown): EmbeddedPostgresError {
  if (error instanceof EmbeddedPostgresError) return error;
  const fault = FAULT_OF_CODE[systemCallCode(error) ?? ''] ?? 'not_started';
  const text = String(error);
  const meaning = MEANING[fault] ?? 'it did not start';
  const message = `The embedded PostgreSQL can't be used: ${meaning} (${text}). ${REMEDY}`;
  return new EmbeddedPostgresError(fault, message, { cause: error });
}

/** What a program of PostgreSQL printed before it gave up, as one of our errors. */
export function faultOfOutput({ program, output }: { program: string; output: string }): EmbeddedPostgresError {
  const fault: EmbeddedPostgresFault = /No space left on device|Disk quota exceeded|Check free disk space/i.test(output)
    ? 'no_space'
    : /Permission denied|Operation not permitted/i.test(output)
      ? 'no_permission'
      : 'not_started';
  const meaning = MEANING[fault] ?? 'it ended early';
  return new EmbeddedPostgresError(
    fault,
    `The embedded PostgreSQL's ${program} failed: ${meaning}. ${REMEDY}\n${output.trim()}`,
  );
}
