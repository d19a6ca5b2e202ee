const LENGTH_BYTES = 4;
const TYPE_BYTES = 1;
const SSL_REQUEST_CODE = 80_877_103;

/**
 * Cuts what a client sends to PostgreSQL into whole messages: a text that is looked for is never split between two
 * packets. The first message bears no type (PostgreSQL protocol 3.0, "Message Formats").
 */
export function createFrameReader(): (chunk: Buffer) => Buffer[] {
  let rest: Buffer = Buffer.alloc(0);
  let isStarted = false;
  const next = (): Buffer | null => {
    const typeBytes = isStarted ? TYPE_BYTES : 0;
    if (rest.length < typeBytes + LENGTH_BYTES) return null;
    const frameLength = typeBytes + rest.readUInt32BE(typeBytes);
    if (rest.length < frameLength) return null;
    const frame = rest.subarray(0, frameLength);
    rest = rest.subarray(frameLength);
    isStarted ||= frame.readUInt32BE(LENGTH_BYTES) !== SSL_REQUEST_CODE;
    return frame;
  };
  return (chunk) => {
    rest = Buffer.concat([rest, chunk]);
    const frames: Buffer[] = [];
    for (let frame = next(); frame !== null; frame = next()) frames.push(frame);
    return frames;
  };
}

const READY_FOR_QUERY_BYTES = 6;
/** ReadyForQuery: its type and its length; a byte follows that tells the state of the transaction. */
const READY_FOR_QUERY = Buffer.from([0x5a, 0, 0, 0, 5]);

/** Tells, packet by packet, whether the server has come to the end of its answer. */
export function createAnswerEnd(): (chunk: Buffer) => boolean {
  let tail: Buffer = Buffer.alloc(0);
  return (chunk) => {
    tail = Buffer.concat([tail, chunk]).subarray(-READY_FOR_QUERY_BYTES);
    return tail.subarray(0, -1).equals(READY_FOR_QUERY);
  };
}
