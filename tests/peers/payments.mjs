// A payment gateway on nothing but Node.js: quick, with a memory by Idempotency-Key.
//   node payments.mjs --port 0
// prints "listening PORT". POST anywhere takes a payment, GET /received says how many came and how many are kept.
import http from 'node:http';
import { parseArgs } from 'node:util';

const { values: options } = parseArgs({ options: { port: { type: 'string', default: '0' } } });

const payments = new Map(); // by Idempotency-Key
let arrivals = 0;

function say(response, status, value) {
  const body = JSON.stringify(value);
  response.writeHead(status, { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(body) });
  response.end(body);
}

const server = http.createServer((request, response) => {
  if (request.method === 'GET') {
    say(response, 200, { arrivals, payments: payments.size });
    return;
  }
  const pieces = [];
  request.on('data', (piece) => pieces.push(piece));
  request.on('end', () => {
    arrivals += 1;
    const key = request.headers['idempotency-key'];
    const { caseNumber } = JSON.parse(Buffer.concat(pieces).toString('utf8'));
    if (!key || !caseNumber) {
      say(response, 422, { title: 'a payment needs a key and a case' });
      return;
    }
    const isNew = !payments.has(key);
    if (isNew) payments.set(key, `PAY-${payments.size + 1}`);
    say(response, isNew ? 201 : 200, { id: payments.get(key), status: isNew ? 'ACCEPTED' : 'DUPLICATE' });
  });
});
server.listen(Number(options.port), '127.0.0.1', () => console.log(`listening ${server.address().port}`));
