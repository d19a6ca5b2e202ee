/** The schema of the tables, unless DATABASE_SCHEMA names another; entities in an application's DataSource are of this one. */
export const DEFAULT_SCHEMA = 'gatehouse';
