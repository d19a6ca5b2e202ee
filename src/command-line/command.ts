/** What a command answers: for a person, and for a program. Neither ever holds a secret. */
export interface Outcome {
  text: string;
  json: object;
  /** false: what was asked about is not in order. */
  isGood: boolean;
}

/** One command of the command line. */
export interface Command {
  /** The words that call it, e.g. `migrate run`. */
  name: string;
  /** What it needs beside them, each one word. */
  operandNames?: readonly string[];
  /** Whether it takes `--password`: it then reads one, by the prompt or from standard input. */
  takesPassword?: boolean;
  /** A sentence for the list of commands. */
  summary: string;
  /** What else there is to know, for `--help`. */
  detail?: string;
  /** null: it goes on by itself until the process is told to end. */
  run(operands: readonly string[], options: { readsPassword: boolean }): Promise<Outcome | null>;
}
