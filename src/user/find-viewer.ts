import type { UserProfile, UserRepository } from './user.repository.js';

/** The user that an access token speaks for; null: gone or disabled since it was issued. */
export type FindViewer = (userId: string) => Promise<UserProfile | null>;

/** Reads the viewer's profile, by one statement. */
export function createFindViewer({ users }: { users: UserRepository }): FindViewer {
  return (userId) => users.findProfile(userId);
}
