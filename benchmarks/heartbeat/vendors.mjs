// Vendors that are well: every path is one, and GET /told says when each was asked, in microseconds since 1970.
import { createServer } from "node:http";

const asked = {};
const server = createServer((request, response) => {
  if (request.url === "/told") {
    response.setHeader("Content-Type", "application/json");
    response.end(JSON.stringify(asked));
    return;
  }
  (asked[request.url] ??= []).push(Math.round((performance.timeOrigin + performance.now()) * 1000));
  response.end("ok");
});
server.listen(0, "127.0.0.1", () => console.log(`listening ${server.address().port}`));
