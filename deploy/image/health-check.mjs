// Exits with 0 where the gateway of this container is `live` or `ready`, whichever is asked.
const { PORT = '4000' } = process.env;
const answer = await fetch(`http://127.0.0.1:${PORT}/health/${process.argv[2] ?? 'live'}`).catch(() => null);
process.exit(answer?.ok ? 0 : 1);
