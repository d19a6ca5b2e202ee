import {
  type GraphQLSchema,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isObjectType,
  isUnionType,
  type NamedTypeNode,
} from 'graphql';
import { policyDirectives } from './directives.js';
import { policiesOf } from './policy.js';

interface Element {
  extensions: Readonly<Record<string, unknown>>;
  astNode?: { directives?: readonly { name: { value: string } }[] | undefined } | null | undefined;
}

const names = new Set(policyDirectives.map(({ name }) => name));

/**
 * Refuses what would look guarded and is not: a policy on an input, an argument or an enum, and a policy's directive that
 * was written by hand.
 *
 * @throws {TypeError} naming the place.
 */
export function refuseVainPolicies(schema: GraphQLSchema): void {
  const vain = [...elements(schema)].find(({ element, isGuardable }) => {
    const byHand = element.astNode?.directives?.some(({ name }) => names.has(name.value)) === true;
    return byHand || (!isGuardable && policiesOf(element).size > 0);
  });
  if (vain === undefined) return;
  throw new TypeError(
    `nothing enforces the policy on ${vain.name}: put @Authorized() on a field that is read, its type or its resolver`,
  );
}

interface Place {
  name: string;
  element: Element;
  isGuardable: boolean;
}

function* elements(schema: GraphQLSchema): Generator<Place> {
  for (const type of Object.values(schema.getTypeMap())) {
    const isRead = isObjectType(type) || isInterfaceType(type);
    yield { name: type.name, element: type as Element & { astNode?: NamedTypeNode }, isGuardable: isRead };
    if (isUnionType(type)) continue;
    if (isEnumType(type)) {
      for (const value of type.getValues()) {
        yield { name: `${type.name}.${value.name}`, element: value as Element, isGuardable: false };
      }
    }
    if (!isRead && !isInputObjectType(type)) continue;
    for (const field of Object.values(type.getFields())) {
      yield { name: `${type.name}.${field.name}`, element: field as Element, isGuardable: isRead };
      for (const argument of 'args' in field ? field.args : []) {
        yield {
          name: `${type.name}.${field.name}(${argument.name})`,
          element: argument as Element,
          isGuardable: false,
        };
      }
    }
  }
}
