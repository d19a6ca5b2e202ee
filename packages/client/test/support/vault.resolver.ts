import { Int, Mutation, Query, Resolver } from 'type-graphql';
import { Authorized } from '../../../../dist/src/graphql/policy/authorized.js';

/** How often each mutation ran. */
export const ran = { openVault: 0, knock: 0 };

/** How recent a sign-in the vault wants, in seconds. */
export const VAULT_MAX_AGE_SECONDS = 300;

/** An application's own fields, some of which need a recent sign-in. */
@Resolver()
export class VaultResolver {
  @Authorized({ maxAgeSeconds: VAULT_MAX_AGE_SECONDS })
  @Query(() => String, { nullable: true, description: 'What is in it.' })
  secret(): string {
    return 'gold';
  }

  @Authorized({ maxAgeSeconds: VAULT_MAX_AGE_SECONDS })
  @Mutation(() => Int, { description: 'Opens it.' })
  openVault(): number {
    ran.openVault += 1;
    return ran.openVault;
  }

  @Mutation(() => Int, { description: 'Needs no recent sign-in.' })
  knock(): number {
    ran.knock += 1;
    return ran.knock;
  }
}
