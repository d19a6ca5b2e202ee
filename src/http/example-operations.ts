/** One operation for each step from register to logout, with which both explorers open. */
export const exampleOperations = `# From register to logout: run the operations one after another.
#
# Register and Login answer with an access token. Paste it into the Headers pane below,
#   { "Authorization": "Bearer PASTE_THE_ACCESS_TOKEN_HERE" }
# and the operations from Me onwards know who is calling.
# Tokens and ids that an operation asks for go into the Variables pane: there they stay out of the address bar.

# 1. A new user, signed in at once. Try a short password, too: the answer says what is wrong with it.
mutation Register($email: String! = "ada@example.com", $password: String! = "a long example passphrase") {
  register(input: { email: $email, password: $password }) {
    __typename
    ... on AuthPayload {
      accessToken
      expiresIn
      refreshToken
      refreshTokenExpiresAt
      user {
        id
        email
      }
    }
    ... on EmailTaken {
      message
    }
    ... on WeakPassword {
      message
      reasons
    }
  }
}

# 2. The same user again, in a session of its own. Paste the accessToken of the answer into the Headers pane.
mutation Login($email: String! = "ada@example.com", $password: String! = "a long example passphrase") {
  login(input: { email: $email, password: $password }) {
    __typename
    ... on AuthPayload {
      accessToken
      tokenType
      expiresIn
      refreshToken
      session {
        id
      }
    }
    ... on InvalidCredentials {
      message
    }
  }
}

# 3. Who is calling: null without an access token.
query Me {
  me {
    id
    email
    emailVerified
    roles
    createdAt
  }
}

# 4. A fresh pair of tokens; needs no access token. Variables: { "refreshToken": "..." }, from Register or Login.
mutation RefreshToken($refreshToken: String!) {
  refreshToken(refreshToken: $refreshToken) {
    accessToken
    expiresIn
    refreshToken
    refreshTokenExpiresAt
  }
}

# 5. Where you are signed in.
query Sessions {
  sessions {
    id
    current
    createdAt
    lastUsedAt
    expiresAt
    userAgent
    ipAddress
  }
}

# 6. End one of these sessions. Variables: { "id": "..." }, from Sessions.
mutation EndSession($id: ID!) {
  endSession(id: $id)
}

# 7. End all sessions but this one; answers how many.
mutation EndOtherSessions {
  endOtherSessions
}

# 8. End this session, that of the access token. With { "refreshToken": "..." } it ends the session of that token.
mutation Logout($refreshToken: String) {
  logout(refreshToken: $refreshToken)
}

# 9. End all sessions, this one too; answers how many.
mutation LogoutEverywhere {
  logoutEverywhere
}
`;
