import { Extensions } from 'type-graphql';

/** The key under which a field's schema extensions say that it answers without a signed-in user. */
const PUBLIC_EXTENSION = 'gatehousePublic';

/** Marks a root field that answers anybody. Every other root field needs a signed-in user. */
export function Public(): MethodDecorator & PropertyDecorator {
  return Extensions({ [PUBLIC_EXTENSION]: true });
}

/** Whether a root field answers anybody. */
export function isPublic({ extensions }: { extensions: Readonly<Record<string, unknown>> }): boolean {
  return extensions[PUBLIC_EXTENSION] === true;
}

/** Lets a root field answer anybody that no decorator could mark. */
export function markPublic(field: { extensions: Readonly<Record<string, unknown>> }): void {
  field.extensions = { ...field.extensions, [PUBLIC_EXTENSION]: true };
}
