import type { GatewayContext } from '../graphql/context.js';
import type { CookieDelivery } from '../session/cookie-delivery.js';
import type { DeviceTokens } from '../session/device/device-token.js';
import type { TokenDelivery } from '../session/refresh-session.repository.js';

/** Hands out what makes a device known after a new password; the text for the payload, null in cookie delivery. */
export type DeliverDeviceToken = (needs: {
  tokenDelivery: TokenDelivery;
  client: GatewayContext;
}) => (account: { userId: string; passwordVersion: number }) => string | null;

/**
 * The device stays the one that it was.
 *
 * @throws `FORBIDDEN`, reason `ORIGIN_NOT_ALLOWED`, before anything is done, where a page may not have the cookie.
 */
export function createDeliverDeviceToken(needs: {
  cookieDelivery: CookieDelivery;
  deviceTokens: DeviceTokens;
}): DeliverDeviceToken {
  const { cookieDelivery, deviceTokens } = needs;
  return ({ tokenDelivery, client }) => {
    cookieDelivery.replacedBySignIn({ tokenDelivery, client });
    return ({ userId, passwordVersion }) => {
      const previous = cookieDelivery.presentedDevices({ argument: null, tokenDelivery, client });
      const deviceToken = deviceTokens.issue({ userId, passwordVersion, previous });
      return cookieDelivery.deliverDevice({ deviceToken, tokenDelivery, client });
    };
  };
}
