import {
  Authorized as AuthorizedByTypeGraphql,
  Field,
  FieldResolver,
  InterfaceType,
  ObjectType,
  Query,
  Resolver,
} from 'type-graphql';
import { Authorized } from '../../src/graphql/policy/authorized.js';
import { Public } from '../../src/graphql/public.js';

@InterfaceType('Paper', { resolveType: () => 'Bill' })
export abstract class PaperType {
  @Field(() => String, { nullable: true })
  note!: string | null;

  @Field(() => String, { nullable: true })
  stamp!: string | null;
}

/** Says both fields of the interface anew. */
@ObjectType('Bill', { implements: PaperType })
export class BillType {
  @Field(() => String, { nullable: true })
  note!: string | null;

  @Field(() => String, { nullable: true })
  stamp!: string | null;

  @Field(() => String, { nullable: true })
  total!: string | null;

  @Field(() => String, { nullable: true })
  rebate!: string | null;

  /** No field by itself: a field resolver answers for it. */
  @Authorized({ roles: ['ADMIN'] })
  margin!: string | null;
}

const bill = () => Object.assign(new BillType(), { note: 'n', stamp: 's', total: 't', margin: 'm' });

@Authorized({ roles: ['ADMIN'] })
@Resolver(() => PaperType)
export class PaperResolver {
  @FieldResolver(() => String, { nullable: true })
  stamp(): string {
    return 's';
  }

  @Authorized({ roles: ['CLERK'] })
  @FieldResolver(() => String, { nullable: true, name: 'note' })
  noteOfPaper(): string {
    return 'n';
  }
}

@Resolver(() => BillType)
export class BillResolver {
  @Public()
  @Query(() => BillType)
  bill(): BillType {
    return bill();
  }

  @Public()
  @Query(() => PaperType)
  paper(): PaperType {
    return bill();
  }

  @Authorized({ roles: ['ADMIN'] })
  @FieldResolver(() => String, { nullable: true, name: 'total' })
  totalOfBill(): string {
    return 't';
  }

  @FieldResolver(() => String, { nullable: true })
  margin(): string {
    return 'm';
  }

  @Authorized({ roles: ['ADMIN'] })
  @FieldResolver(() => String, { nullable: true, name: 'discount' })
  discountOfBill(): string {
    return 'd';
  }

  @Public()
  @Authorized({ roles: ['ADMIN'] })
  @Query(() => String, { nullable: true, name: 'takings' })
  takingsOfShop(): string {
    return 'open';
  }
}

@Resolver()
abstract class ShelfResolver {
  @Public()
  @Query(() => String, { nullable: true })
  inherited(): string {
    return 'open';
  }

  @Public()
  @Query(() => String, { nullable: true, name: 'inheritedToo' })
  inheritedByAnotherName(): string {
    return 'open';
  }
}

/** What it inherits needs the role, too. */
@Authorized({ roles: ['ADMIN'] })
@Resolver(() => BillType)
export class GuardedShelfResolver extends ShelfResolver {
  @FieldResolver(() => String, { nullable: true })
  place(): string {
    return 'open';
  }
}

@Authorized({ roles: ['ADMIN'] })
@Resolver()
abstract class GuardedBaseResolver {
  @Public()
  @Query(() => String, { nullable: true })
  ofBase(): string {
    return 'open';
  }
}

/** Whoever extends a guarded class is guarded. */
@Resolver()
export class HeirResolver extends GuardedBaseResolver {
  @Public()
  @Query(() => String, { nullable: true })
  ofHeir(): string {
    return 'open';
  }
}

@Resolver()
abstract class OldShelfResolver {
  @Public()
  @Query(() => String, { nullable: true })
  inheritedFromOld(): string {
    return 'open';
  }
}

/** Guarded by TypeGraphQL's own decorator. */
@AuthorizedByTypeGraphql('ADMIN')
@Resolver(() => BillType)
export class OldGuardedResolver extends OldShelfResolver {
  @AuthorizedByTypeGraphql('CLERK')
  @Public()
  @Query(() => String, { nullable: true })
  forClerks(): string {
    return 'open';
  }

  @FieldResolver(() => String, { nullable: true, name: 'rebate' })
  rebateOfBill(): string {
    return 'r';
  }
}
