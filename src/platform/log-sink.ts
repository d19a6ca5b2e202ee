import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { type DestinationStream, destination } from 'pino';

/** Where log lines go. */
export interface LogSink extends DestinationStream {
  /** Lines that found no room. */
  dropped(): number;
  /** The last of it: resolves once all is written, or after `withinMs`; what is left then is given up. */
  end(withinMs: number): Promise<void>;
}

/** About 50,000 lines: what a reader may be behind before lines are dropped. */
const WAITING_BYTES_MAX = 16_000_000;
/** Lines are written together, as each write costs more than a line does: when there are so many bytes, or after so long. */
const TOGETHER_BYTES = 4_096;
const TOGETHER_MS = 50;

/**
 * Standard output, written to without ever waiting: where the reader stops reading, lines are kept up to a bound and
 * dropped beyond it; where it goes away, they are dropped. Once lines get through again, one says how many did not.
 */
export function createLogSink({ fd = 1, bytesMax = WAITING_BYTES_MAX } = {}): LogSink {
  const stream = destination({ fd, sync: false, minLength: TOGETHER_BYTES, maxLength: bytesMax });
  let dropped = 0;
  let told = 0;
  let isEnded = false;
  let isDue = false;
  const flush = () => {
    isDue = false;
    if (!isEnded) stream.flush();
  };
  const put = (line: string) => {
    if (isEnded) return;
    stream.write(line);
    if (isDue) return;
    isDue = true;
    setTimeout(flush, TOGETHER_MS).unref();
  };
  stream.on('drop', () => {
    dropped += 1;
  });
  // A full disk, say: the line stays, and is tried again with the next one.
  stream.on('error', () => undefined);
  stream.on('drain', () => {
    if (dropped === told) return;
    const count = dropped - told;
    told = dropped;
    put(`${JSON.stringify({ level: 'warn', event: 'log_lines_dropped', count })}\n`);
  });
  return {
    // Not the stream itself: pino would flush it at a fatal line, waiting for the reader.
    write: put,
    dropped: () => dropped,
    end: async (withinMs) => {
      if (isEnded) return;
      isEnded = true;
      const closed = once(stream, 'close').catch(() => undefined);
      stream.end();
      await Promise.race([closed, pause(withinMs, undefined, { ref: false })]);
      // What still waits would be waited for at the exit.
      stream.destroy();
    },
  };
}
