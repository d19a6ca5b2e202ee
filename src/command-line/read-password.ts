import process from 'node:process';
import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';

const BYTES_MAX = 64 * 1024;

/** A password typed unseen at the prompt, or the whole of standard input but for a line end after it. */
export function readPassword(): Promise<string> {
  return process.stdin.isTTY ? typedPassword() : pipedPassword();
}

async function typedPassword(): Promise<string> {
  const unseen = new Writable({ write: (_chunk, _encoding, done) => done() });
  const prompt = createInterface({ input: process.stdin, output: unseen, terminal: true });
  prompt.on('SIGINT', () => process.kill(process.pid, 'SIGINT'));
  process.stderr.write('Password: ');
  try {
    return await prompt.question('');
  } finally {
    prompt.close();
    process.stderr.write('\n');
  }
}

async function pipedPassword(): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of process.stdin) {
    chunks.push(chunk as Buffer);
    bytes += (chunk as Buffer).length;
    // No password is that long: it is refused, not cut.
    if (bytes > BYTES_MAX) break;
  }
  return Buffer.concat(chunks)
    .toString('utf8')
    .replace(/\r?\n$/, '');
}
