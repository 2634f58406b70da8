/** The console's API, asked with the login of the Airflow page around us. */

const ROOT = new URL('api/v1/', import.meta.url);
const SECONDS = 20;
const SENTENCES = {
  401: 'You are signed out of Airflow. Sign in again, then reload this page.',
  403: 'You may not see or do this. Ask whoever gives out rights in Airflow.',
  404: 'This is not here. It may have been removed, or the address is wrong.',
  502: 'Airflow does not answer. Is its api-server running?',
  503: 'Airflow is not ready. Is its database running?',
};

/** A no from the API, or no answer at all; `message` is a sentence for officers. */
export class Refused extends Error {
  constructor(status, code, sentence) {
    super(sentence || SENTENCES[status] || `The Synchronizer failed (${status}). The api-server's log says why.`);
    this.status = status;
    this.code = code;
  }
}

/** Address of a route, with the query's empty values left out. */
export function address(path, query = {}) {
  const url = new URL(path, ROOT);
  for (const [name, value] of Object.entries(query)) {
    if (value !== '' && (value ?? null) !== null) url.searchParams.set(name, value);
  }
  return url;
}

/** Read a route. Throws Refused. */
export const get = (path, query) => ask(address(path, query), {});

/** Do something. Throws Refused. */
export const post = (path, body) =>
  ask(address(path), { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) });

async function ask(url, how) {
  let answer;
  try {
    answer = await fetch(url, { ...how, cache: 'no-store', signal: AbortSignal.timeout(SECONDS * 1000) });
  } catch {
    throw new Refused(0, 'no_answer', 'Airflow does not answer. Is its api-server running, and are you online?');
  }
  const body = await answer.json().catch(() => null);
  if (answer.ok && body !== null) return body;
  const detail = typeof body?.detail === 'string' && answer.status !== 401 ? body.detail : '';
  throw new Refused(answer.status, body?.error ?? '', detail);
}
