import { createGateway, type Gateway, type GatewayOptions, gatehouseEntities } from 'gatehouse';
import { DataSource } from 'typeorm';
import { CreateNotes1764000000000 } from './create-notes-1764000000000.js';
import { Note } from './note.entity.js';
import { NoteResolver, type Notes } from './note.resolver.js';

/** A gateway with the notes beside it: one schema, one database, one pool. */
export function createNotesGateway(options: Pick<GatewayOptions, 'config' | 'clock'> = {}): Gateway<Notes> {
  let dataSource: DataSource | null = null;
  return createGateway<Notes>({
    ...options,
    resolvers: [NoteResolver],
    // Everybody may write; administrators are told apart by their role alone.
    scopesOf: () => ['notes:write'],
    dataSource: ({ url }) => {
      dataSource = new DataSource({
        type: 'postgres',
        url,
        entities: [...gatehouseEntities, Note],
        migrations: [CreateNotes1764000000000],
        migrationsRun: true,
      });
      return dataSource;
    },
    extendContext: () => {
      if (dataSource === null) throw new Error('the gateway is not open');
      return { notes: dataSource.getRepository(Note) };
    },
  });
}
