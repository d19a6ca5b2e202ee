import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { RefusedRequest, refusals } from './refusal.js';

const JSON_TYPE = /^application\/json[ \t]*(?:;(.*))?$/i;
const PARAMETER = /^[ \t]*([\w-]+)=("?)([^"]*)\2[ \t]*$/;

const QUOTE = '"'.charCodeAt(0);
const BACKSLASH = '\\'.charCodeAt(0);
const OPENING = new Set(['{', '['].map((sign) => sign.charCodeAt(0)));
const CLOSING = new Set(['}', ']'].map((sign) => sign.charCodeAt(0)));

/** Whether a Content-Type is JSON in UTF-8 (RFC 8259 8.1): UTF-7 and UTF-16 smuggle what filters in front don't see. */
function isUtf8Json(contentType: string | undefined): boolean {
  const match = contentType === undefined ? null : JSON_TYPE.exec(contentType);
  if (match === null) return false;
  const parameters = (match[1] ?? '').split(';').filter((parameter) => parameter.trim() !== '');
  return parameters.every((parameter) => {
    const [, name = '', , value = ''] = PARAMETER.exec(parameter) ?? [];
    return name !== '' && (name.toLowerCase() !== 'charset' || /^utf-?8$/i.test(value));
  });
}

/**
 * Refuses, before it is read, a body that is not plain JSON.
 *
 * A page of any site may send text/plain or a form without asking first (CSRF); a compressed body could unfold to anything.
 */
export function requireJsonBody(request: FastifyRequest, _reply: FastifyReply, done: (error?: Error) => void): void {
  const { 'content-type': contentType, 'content-encoding': contentEncoding } = request.headers;
  const isPlain = contentEncoding === undefined || contentEncoding.toLowerCase() === 'identity';
  // Nearly all requests say this and no more.
  const isJson = contentType === 'application/json' || isUtf8Json(contentType);
  done(isPlain && isJson ? undefined : new RefusedRequest(refusals.mediaType));
}

/** Whether JSON text nests deeper than `depthMax`, without parsing it. */
function isDeeperThan({ text, depthMax }: { text: string; depthMax: number }): boolean {
  let depth = 0;
  let isInString = false;
  for (let at = 0; at < text.length; at++) {
    const sign = text.charCodeAt(at);
    if (isInString && sign === BACKSLASH) at++;
    else if (sign === QUOTE) isInString = !isInString;
    else if (isInString) continue;
    else if (OPENING.has(sign)) depth++;
    else if (CLOSING.has(sign)) depth--;
    if (depth > depthMax) return true;
  }
  return false;
}

/** Makes JSON the only body that is read; `__proto__` and `constructor.prototype` in it are refused. */
export function readOnlyJson({ fastify, depthMax }: { fastify: FastifyInstance; depthMax: number }): void {
  const parseJson = fastify.getDefaultJsonParser('error', 'error');
  const utf8 = new TextDecoder('utf-8', { fatal: true });
  fastify.removeAllContentTypeParsers();
  fastify.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, body, done) => {
    const text = decode({ utf8, body: body as Buffer });
    if (text === null) done(new RefusedRequest(refusals.malformedJson));
    else if (isDeeperThan({ text, depthMax })) done(new RefusedRequest(refusals.tooDeep));
    else void parseJson(request, text, done);
  });
}

function decode({ utf8, body }: { utf8: TextDecoder; body: Buffer }): string | null {
  try {
    return utf8.decode(body);
  } catch {
    return null;
  }
}
