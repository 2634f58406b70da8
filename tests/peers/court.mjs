// A county court on node-soap: another people's SOAP stack, with a contract of its own.
//   node court.mjs --port 0 [--user U --password P]
// prints "listening PORT". GET /received shows what it holds, GET /health says that it is there.
// A line on standard input says how to behave: well, refusing, busy, locked, unproved, silent or down. "forget" empties the
// calendar, "enter ID" puts a hearing on it. It is done when the line comes back.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import http from 'node:http';
import readline from 'node:readline';
import { parseArgs } from 'node:util';
import soap from 'soap';

const { values: options } = parseArgs({
  options: { port: { type: 'string', default: '0' }, user: { type: 'string' }, password: { type: 'string' } },
});

let manner = 'well';
const hearings = new Map(); // by WS-Addressing MessageID
const arrivals = [];
const traces = []; // the traceparent of each call

const text = (node) => (node && typeof node === 'object' ? node.$value : node);
const day = (value) => (value instanceof Date ? value.toISOString() : String(value)).slice(0, 10);

function enter(id, caseId, date) {
  const hearing = {
    ConfirmationNumber: `COURT-${hearings.size + 1}`,
    CaseID: caseId,
    DateOfHearing: date,
    ChangedAt: new Date(Date.UTC(2024, 0, 1, 0, hearings.size)).toISOString(),
    Fee: '12.50',
    Sealed: false,
  };
  hearings.set(id, hearing);
  return hearing;
}

function scheduleHearing(args, _callback, headers, request) {
  traces.push(request.headers.traceparent);
  const id = text(headers?.MessageID);
  if (!args.CaseID) {
    throw { Fault: { faultcode: 'soap:Client', faultstring: 'a hearing needs a case', statusCode: 500 } };
  }
  if (manner === 'refusing') {
    throw { Fault: { faultcode: 'soap:Client', faultstring: 'this hearing is not for this court', statusCode: 500 } };
  }
  if (manner === 'unproved') return { Disposition: 'SCHEDULED' };
  arrivals.push({ MessageID: id, Action: text(headers?.Action), ...args, DateOfHearing: day(args.DateOfHearing) });
  if (hearings.has(id)) {
    return { ConfirmationNumber: hearings.get(id).ConfirmationNumber, Disposition: 'ALREADY-SCHEDULED' };
  }
  const hearing = enter(id, args.CaseID, day(args.DateOfHearing));
  return { ConfirmationNumber: hearing.ConfirmationNumber, Disposition: 'SCHEDULED' };
}

function getHearings(args) {
  const since = args?.ChangedSince ? new Date(args.ChangedSince) : new Date(0);
  const found = [...hearings.values()].filter((hearing) => new Date(hearing.ChangedAt) >= since);
  const from = Number(args?.PageToken ?? 0);
  const size = Number(args?.PageSize ?? found.length) || 1;
  const answer = { Hearing: found.slice(from, from + size) };
  if (from + size < found.length) answer.NextToken = String(from + size);
  return answer;
}

function findHearing(args) {
  const found = hearings.get(args.MessageID);
  return found ? { Hearing: found } : {};
}

function authenticate(security) {
  if (manner === 'locked') return false;
  if (!options.user) return true;
  const token = security?.UsernameToken;
  if (!token || text(token.Username) !== options.user) return false;
  const given = text(token.Password);
  if (String(token.Password?.attributes?.Type ?? '').endsWith('#PasswordDigest')) {
    const hash = createHash('sha1');
    hash.update(Buffer.from(text(token.Nonce), 'base64'));
    hash.update(text(token.Created) + options.password);
    return given === hash.digest('base64');
  }
  return given === options.password;
}

function behaved(_error, court) {
  court.wsdl.options.preserveWhitespace = true; // a text is what it is
  const [answer] = server.listeners('request');
  server.removeAllListeners('request');
  server.on('request', (request, response) => {
    if (request.method === 'POST' && manner === 'busy') response.writeHead(503, { 'Retry-After': '1' }).end();
    else if (request.method !== 'POST' || manner !== 'silent') answer.call(server, request, response);
  });
}

const server = http.createServer((request, response) => {
  const answers = { '/health': { status: 'ok' }, '/received': { arrivals, hearings: [...hearings.values()], keys: [...hearings.keys()], traces } };
  const answer = answers[request.url];
  response.writeHead(answer ? 200 : 404, { 'Content-Type': 'application/json' });
  response.end(JSON.stringify(answer ?? {}));
});
server.listen(Number(options.port), '127.0.0.1', () => {
  const wsdl = readFileSync(new URL('court.wsdl', import.meta.url), 'utf8');
  const port = { ScheduleHearing: scheduleHearing, GetHearings: getHearings, FindHearing: findHearing };
  const service = { CalendarService: { CalendarPort: port } };
  const listening = soap.listen(server, { path: '/soap', services: service, xml: wsdl, callback: behaved });
  listening.authenticate = authenticate;
  const address = server.address().port;
  console.log(`listening ${address}`);
  readline.createInterface({ input: process.stdin }).on('line', (line) => {
    const done = () => console.log(line);
    if (line === 'forget') {
      hearings.clear();
      arrivals.length = 0;
      traces.length = 0;
      return done();
    }
    if (line.startsWith('enter ')) {
      enter(line.slice(6), 'CITY-1', '2024-09-02');
      return done();
    }
    manner = line;
    if (line === 'down') {
      server.closeAllConnections();
      return server.listening ? server.close(done) : done();
    }
    return server.listening ? done() : server.listen(address, '127.0.0.1', done);
  });
});
