import { randomUUID } from 'node:crypto';
import { type AuthContext, Authorized, badUserInput, CurrentUser, type Identity, Public } from 'gatehouse';
import { Arg, Ctx, FieldResolver, ID, Int, Mutation, Query, Resolver, Root } from 'type-graphql';
import type { Repository } from 'typeorm';
import type { Note } from './note.entity.js';
import { NoteType } from './note.type.js';

/** What the application adds to the context of each request. */
export interface Notes {
  notes: Repository<Note>;
}

const TEXT_LENGTH_MAX = 1000;

@Resolver(() => NoteType)
export class NoteResolver {
  @Public()
  @Query(() => Int, { description: 'How many notes there are. Anybody may ask.' })
  noteCount(@Ctx() { notes }: AuthContext<Notes>): Promise<number> {
    return notes.count();
  }

  @Query(() => [NoteType], { description: "The viewer's notes, the newest first." })
  notes(@CurrentUser() { userId }: Identity, @Ctx() { notes }: AuthContext<Notes>): Promise<NoteType[]> {
    return notes.find({ where: { ownerId: userId }, order: { writtenAt: 'DESC', id: 'DESC' } });
  }

  @Authorized({ scopes: ['notes:write'] })
  @Mutation(() => NoteType, { description: 'Writes a note down. Needs the scope notes:write.' })
  async writeNote(
    @Arg('text', () => String, { description: 'From 1 to 1000 characters.' }) text: string,
    @CurrentUser() { userId }: Identity,
    @Ctx() { notes }: AuthContext<Notes>,
  ): Promise<NoteType> {
    if (text.length === 0 || text.length > TEXT_LENGTH_MAX || text.includes('\0')) {
      throw badUserInput({ message: 'A note has from 1 to 1000 characters.', argument: ['text'] });
    }
    const note = { id: randomUUID(), ownerId: userId, text, writtenAt: new Date() };
    await notes.insert(note);
    return note;
  }

  @Mutation(() => Boolean, { description: "Deletes one of the viewer's notes. false: no such note of the viewer's." })
  async deleteNote(
    @Arg('id', () => ID, { description: 'Which.' }) id: string,
    @CurrentUser() { userId }: Identity,
    @Ctx() { notes }: AuthContext<Notes>,
  ): Promise<boolean> {
    if (!/^[0-9a-f-]{36}$/.test(id)) return false;
    // One statement that names the owner: a note of somebody else's is like one that is not there.
    return (await notes.delete({ id, ownerId: userId })).affected === 1;
  }

  @Authorized({ maxAgeSeconds: 300 })
  @Mutation(() => Int, { description: "Deletes all of the viewer's notes. Needs a sign-in of the last five minutes." })
  async deleteAllNotes(@CurrentUser() { userId }: Identity, @Ctx() { notes }: AuthContext<Notes>): Promise<number> {
    return (await notes.delete({ ownerId: userId })).affected ?? 0;
  }

  @Authorized({ roles: ['ADMIN'] })
  @Query(() => [NoteType], { description: "Everybody's notes, the newest 100. For administrators." })
  everybodysNotes(@Ctx() { notes }: AuthContext<Notes>): Promise<NoteType[]> {
    return notes.find({ order: { writtenAt: 'DESC', id: 'DESC' }, take: 100 });
  }

  @Authorized({ roles: ['ADMIN'] })
  @FieldResolver(() => String, { nullable: true, description: 'Who wrote it. For administrators.' })
  async ownerEmail(@Root() { ownerId }: NoteType, @Ctx() { auth }: AuthContext): Promise<string | null> {
    return (await auth.loadUser(ownerId))?.email ?? null;
  }
}
