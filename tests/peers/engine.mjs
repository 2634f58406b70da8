// An interface engine on Medplum's HL7 connection, which reads blocks of MLLP and acknowledges messages by its own lights.
//
// Prints "listening PORT". A line on standard input says how to behave: well, refusing, busy, unproved, silent, down, or
// enhanced, which says first that a message is stored and then that it is accepted. "forget" empties its book, "received"
// prints it. It is done when the line comes back. Medplum leaves escapes as they are; they are undone here.

import { createHash } from 'node:crypto';
import net from 'node:net';
import readline from 'node:readline';
import { Hl7Segment } from '@medplum/core';
import { Hl7Connection } from '@medplum/hl7';

const ERRORS = { refusing: ['AE', '101'], busy: ['AR', '207'] };
const LETTERS = { F: '|', S: '^', T: '&', R: '~', E: '\\' };
let manner = 'well';
let arrivals = [];
let charts = {};
const open = new Set();

const plain = (text) =>
  text.replace(/\\([^\\]+)\\/g, (_, code) => LETTERS[code] ?? Buffer.from(code.slice(1), 'hex').toString('utf-8'));

function numbered(ack, number) {
  ack.header.setField(10, number);
  return ack;
}

function answered(message) {
  const key = message.header.getField(10).toString();
  arrivals.push([key, createHash('sha256').update(message.toString()).digest('hex')]);
  if (manner === 'silent') {
    return undefined;
  }
  if (ERRORS[manner]) {
    const [ackCode, code] = ERRORS[manner];
    const errSegment = new Hl7Segment(['ERR', '', '', `${code}^not for this engine^HL70357`, 'E', '', '', 'Ms Roe']);
    return message.buildAck({ ackCode, errSegment });
  }
  if (manner === 'unproved') {
    return numbered(message.buildAck(), '');
  }
  const text = plain(message.getSegment('PID').getField(5)?.toString() ?? '');
  charts[key] ??= [`MED-${Object.keys(charts).length + 1}`, text];
  return numbered(message.buildAck(), charts[key][0]);
}

const server = net.createServer((socket) => {
  open.add(socket);
  socket.on('close', () => open.delete(socket));
  const connection = new Hl7Connection(socket, 'utf-8', manner === 'enhanced');
  connection.addEventListener('message', ({ message }) => {
    const ack = answered(message);
    if (ack) {
      connection.send(ack);
    }
  });
  connection.addEventListener('error', () => {});
});

server.listen(0, '127.0.0.1', () => {
  const { port } = server.address();
  console.log(`listening ${port}`);
  readline.createInterface({ input: process.stdin }).on('line', (line) => {
    const done = () => console.log(line);
    if (line === 'forget') {
      [arrivals, charts] = [[], {}];
      return done();
    }
    if (line === 'received') {
      console.log(JSON.stringify({ arrivals, charts }));
      return done();
    }
    manner = line;
    if (line === 'down') {
      open.forEach((socket) => socket.destroy());
      return server.listening ? server.close(done) : done();
    }
    return server.listening ? done() : server.listen(port, '127.0.0.1', done);
  });
});
