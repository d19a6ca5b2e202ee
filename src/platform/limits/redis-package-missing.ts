/** Thrown where REDIS_URL is set and ioredis, which is optional, is not installed. */
export class RedisPackageMissing extends Error {
  override readonly name = 'RedisPackageMissing';
  constructor(cause: unknown) {
    super('REDIS_URL needs a package that is not installed: npm install ioredis@5', { cause });
  }
}
