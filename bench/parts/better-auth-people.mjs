const PASSWORD = 'a long enough passphrase';

/** People who have signed up with Better Auth, one for each connection, with their session tokens. */
export async function betterAuthPeople(url, count = 16) {
  const made = [];
  for (let index = 0; index < count; index += 1) {
    const email = `b${index}-${Date.now()}@example.org`;
    const response = await fetch(new URL('/api/auth/sign-up/email', url), {
      method: 'POST',
      headers: { 'content-type': 'application/json', origin: 'http://localhost:4000' },
      body: JSON.stringify({ email, password: PASSWORD, name: 'Somebody' }),
    });
    const { token } = await response.json();
    if (!token) throw new Error(`Better Auth signed nobody up: ${response.status}`);
    made.push({ email, password: PASSWORD, accessToken: token });
  }
  return made;
}
