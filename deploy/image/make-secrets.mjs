// Prints settings with secrets drawn now, for compose.yaml: node deploy/image/make-secrets.mjs > .env
import { randomBytes } from 'node:crypto';

const secret = () => randomBytes(32).toString('base64url');
const settings = {
  REFRESH_TOKEN_SECRETS: secret(),
  KEY_ENCRYPTION_KEYS: secret(),
  POSTGRES_PASSWORD: secret(),
};
for (const [name, value] of Object.entries(settings)) console.log(`${name}=${value}`);
