import 'reflect-metadata';
import { readFile } from 'node:fs/promises';
import { beforeAll, describe, expect, it } from '@jest/globals';
import {
  buildSchema,
  type GraphQLSchema,
  isAbstractType,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isObjectType,
} from 'graphql';
import { gatewaySdl } from '../../src/gateway-sdl.js';

let committed: string;
let schema: GraphQLSchema;
beforeAll(async () => {
  committed = await readFile(new URL('../../../schema/schema.graphql', import.meta.url), 'utf8');
  schema = buildSchema(committed);
});

const ownTypes = () => Object.values(schema.getTypeMap()).filter(({ name }) => !name.startsWith('__'));
const standard = new Set(['String', 'Int', 'Float', 'Boolean', 'ID']);

/** `name(argument: Type = default): Type`, without descriptions. */
function fieldsOf(typeName: string): string[] {
  const type = schema.getType(typeName);
  if (isInputObjectType(type)) {
    return Object.values(type.getFields()).map(
      (field) => `${field.name}: ${field.type}${field.defaultValue === undefined ? '' : ` = ${field.defaultValue}`}`,
    );
  }
  if (!isObjectType(type) && !isInterfaceType(type)) throw new Error(`no fields in ${typeName}`);
  return Object.values(type.getFields()).map(({ name, args, type: result }) => {
    const given = args.map((argument) => `${argument.name}: ${argument.type}`).join(', ');
    return `${name}${given === '' ? '' : `(${given})`}: ${result}`;
  });
}

describe('schema/schema.graphql', () => {
  it('is what the code emits: npm run schema writes it anew', async () => {
    expect(committed).toBe(await gatewaySdl());
  });

  it('has the root fields of the contract', () => {
    expect(fieldsOf('Query').sort()).toEqual(['me: User', 'sessions: [Session!]!']);
    expect(fieldsOf('Mutation').sort()).toEqual([
      'changePassword(newPassword: String!, currentPassword: String!): ChangePasswordResult!',
      'confirmEmailChange(password: String, token: String!): ConfirmEmailChangeResult!',
      'deleteAccount: Boolean!',
      'endOtherSessions: Int!',
      'endSession(id: ID!): Boolean!',
      'login(input: LoginInput!): LoginResult!',
      'logout(refreshToken: String): Boolean!',
      'logoutEverywhere: Int!',
      'reauthenticate(password: String!): ReauthenticateResult!',
      'refreshToken(refreshToken: String): AuthPayload!',
      'register(input: RegisterInput!): RegisterResult!',
      'requestEmailChange(email: String!): Boolean!',
      'requestEmailVerification: Boolean!',
      'requestPasswordReset(email: String!): Boolean!',
      'resetPassword(input: ResetPasswordInput!): ResetPasswordResult!',
      'undoEmailChange(input: UndoEmailChangeInput!): UndoEmailChangeResult!',
      'verifyEmail(password: String, token: String!): VerifyEmailResult!',
    ]);
    expect(schema.getSubscriptionType()).toBeUndefined();
  });

  it('has the inputs, payloads and failures of the contract', () => {
    const credential = ['email: String!', 'password: String!', 'tokenDelivery: TokenDelivery! = BODY'];
    const shapes: Record<string, string[]> = {
      RegisterInput: credential,
      LoginInput: [...credential, 'deviceToken: String'],
      AuthPayload: [
        'accessToken: String!',
        'tokenType: String!',
        'expiresIn: Int!',
        'refreshToken: String',
        'deviceToken: String',
        'refreshTokenExpiresAt: DateTimeISO!',
        'session: Session!',
        'user: User!',
      ],
      User: ['id: ID!', 'email: String!', 'emailVerified: Boolean!', 'roles: [String!]!', 'createdAt: DateTimeISO!'],
      Session: [
        'id: ID!',
        'current: Boolean!',
        'createdAt: DateTimeISO!',
        'lastUsedAt: DateTimeISO!',
        'expiresAt: DateTimeISO!',
        'userAgent: String',
        'ipAddress: String',
      ],
      ResetPasswordInput: ['token: String!', 'password: String!', 'tokenDelivery: TokenDelivery! = BODY'],
      UndoEmailChangeInput: ['token: String!', 'password: String!', 'tokenDelivery: TokenDelivery! = BODY'],
      VerificationRequired: ['email: String!'],
      EmailVerified: ['email: String!'],
      EmailChanged: ['email: String!'],
      PasswordReset: ['email: String!', 'deviceToken: String'],
      PasswordChanged: ['endedSessions: Int!', 'deviceToken: String'],
      Failure: ['message: String!'],
      InvalidCredentials: ['message: String!'],
      EmailTaken: ['message: String!'],
      WeakPassword: ['message: String!', 'reasons: [PasswordWeakness!]!'],
    };
    for (const [name, fields] of Object.entries(shapes)) expect([name, fieldsOf(name)]).toEqual([name, fields]);
    const members = (name: string) => {
      const type = schema.getType(name);
      if (isEnumType(type)) return type.getValues().map((value) => value.name);
      return isAbstractType(type)
        ? schema
            .getPossibleTypes(type)
            .map((member) => member.name)
            .sort()
        : [];
    };
    expect(members('TokenDelivery')).toEqual(['BODY', 'COOKIE']);
    expect(members('PasswordWeakness')).toEqual(['TOO_SHORT', 'TOO_LONG', 'COMMON', 'CONTAINS_EMAIL', 'BREACHED']);
    expect(members('RegisterResult')).toEqual(['AuthPayload', 'EmailTaken', 'VerificationRequired', 'WeakPassword']);
    expect(members('ReauthenticateResult')).toEqual(['AuthPayload', 'InvalidCredentials']);
    expect(members('LoginResult')).toEqual(['AuthPayload', 'InvalidCredentials']);
    const linked = ['InvalidCredentials', 'LinkExpired', 'PasswordRequired'];
    expect(members('VerifyEmailResult')).toEqual(['EmailVerified', ...linked]);
    expect(members('ConfirmEmailChangeResult')).toEqual(['EmailChanged', 'EmailTaken', ...linked]);
    expect(members('ResetPasswordResult')).toEqual(['LinkExpired', 'PasswordReset', 'WeakPassword']);
    expect(members('UndoEmailChangeResult')).toEqual(['LinkExpired', 'PasswordReset', 'WeakPassword']);
    expect(members('ChangePasswordResult')).toEqual(['InvalidCredentials', 'PasswordChanged', 'WeakPassword']);
    expect(members('Failure')).toEqual(['EmailTaken', ...linked, 'WeakPassword']);
  });

  it('describes every type, field, argument and value', () => {
    const bare: string[] = [];
    const look = (name: string, { description }: { description?: string | null | undefined }) => {
      if (!description?.trim()) bare.push(name);
    };
    for (const type of ownTypes().filter(({ name }) => !standard.has(name))) {
      look(type.name, type);
      if (isEnumType(type)) for (const value of type.getValues()) look(`${type.name}.${value.name}`, value);
      if (!isObjectType(type) && !isInterfaceType(type) && !isInputObjectType(type)) continue;
      for (const field of Object.values(type.getFields())) {
        look(`${type.name}.${field.name}`, field);
        if (!('args' in field)) continue;
        for (const argument of field.args) look(`${type.name}.${field.name}(${argument.name})`, argument);
      }
    }
    expect(bare).toEqual([]);
  });

  it('goes round in no circle: no type reaches itself', () => {
    const neighbours = (name: string): string[] => {
      const type = schema.getType(name);
      if (isAbstractType(type)) return schema.getPossibleTypes(type).map((member) => member.name);
      if (!isObjectType(type) && !isInputObjectType(type)) return [];
      return Object.values(type.getFields()).map((field) => String(field.type).replace(/[[\]!]/g, ''));
    };
    const reach = (name: string, seen = new Set<string>()): Set<string> => {
      for (const next of neighbours(name)) if (!seen.has(next)) reach(next, seen.add(next));
      return seen;
    };
    const names = ownTypes().map(({ name }) => name);
    expect(reach('Mutation').has('User')).toBe(true);
    expect(names.filter((name) => reach(name).has(name))).toEqual([]);
  });
});
