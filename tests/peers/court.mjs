// A county court on node-soap: another people's SOAP stack, with a contract of its own.
//   node court.mjs --port 0 [--user U --password P]
// prints "listening PORT". GET /received shows what it holds, GET /health says that it is there.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import http from 'node:http';
import { parseArgs } from 'node:util';
import soap from 'soap';

const { values: options } = parseArgs({
  options: { port: { type: 'string', default: '0' }, user: { type: 'string' }, password: { type: 'string' } },
});

const hearings = new Map(); // by WS-Addressing MessageID
const arrivals = [];

const text = (node) => (node && typeof node === 'object' ? node.$value : node);
const day = (value) => (value instanceof Date ? value.toISOString() : String(value)).slice(0, 10);

function scheduleHearing(args, _callback, headers) {
  const id = text(headers?.MessageID);
  if (!args.CaseID) {
    throw { Fault: { faultcode: 'soap:Client', faultstring: 'a hearing needs a case', statusCode: 500 } };
  }
  arrivals.push({ MessageID: id, Action: text(headers?.Action), ...args, DateOfHearing: day(args.DateOfHearing) });
  if (hearings.has(id)) {
    return { ConfirmationNumber: hearings.get(id).ConfirmationNumber, Disposition: 'ALREADY-SCHEDULED' };
  }
  const hearing = {
    ConfirmationNumber: `COURT-${hearings.size + 1}`,
    CaseID: args.CaseID,
    DateOfHearing: day(args.DateOfHearing),
    ChangedAt: new Date(Date.UTC(2024, 0, 1, 0, hearings.size)).toISOString(),
    Fee: '12.50',
    Sealed: false,
  };
  hearings.set(id, hearing);
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

function authenticate(security) {
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

const server = http.createServer((request, response) => {
  const answers = { '/health': { status: 'ok' }, '/received': { arrivals, hearings: [...hearings.values()] } };
  const answer = answers[request.url];
  response.writeHead(answer ? 200 : 404, { 'Content-Type': 'application/json' });
  response.end(JSON.stringify(answer ?? {}));
});
server.listen(Number(options.port), '127.0.0.1', () => {
  const wsdl = readFileSync(new URL('court.wsdl', import.meta.url), 'utf8');
  const service = { CalendarService: { CalendarPort: { ScheduleHearing: scheduleHearing, GetHearings: getHearings } } };
  const listening = soap.listen(server, '/soap', service, wsdl);
  listening.authenticate = authenticate;
  console.log(`listening ${server.address().port}`);
});
