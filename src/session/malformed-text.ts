/** What is said of an argument that no account can have. */
export const MALFORMED_TEXT = {
  email: 'The e-mail address is malformed.',
  password: 'The password holds a character that can not be typed.',
};
