// What mountebank makes of each request: the payment gateway of payments.openapi.yaml, with a memory by Idempotency-Key
// in the state that mountebank keeps for it. GET /received shows what it holds, POST /forget empties it.
(config) => {
  const { request, state } = config;
  state.payments = state.payments || [];
  const [path, said] = [request.path, (statusCode, body) => ({
    statusCode, headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body),
  })];
  if (path === '/health') return said(200, { status: 'ok' });
  if (path === '/received') return said(200, state.payments);
  if (path === '/forget') {
    state.payments = [];
    return said(200, {});
  }
  if (request.method === 'POST') {
    const key = Object.entries(request.headers).find(([name]) => name.toLowerCase() === 'idempotency-key')[1];
    const known = state.payments.find((payment) => payment.key === key);
    if (known) return said(409, { id: known.id, status: 'DUPLICATE' });
    const number = state.payments.length + 1;
    const changedAt = new Date(Date.UTC(2024, 8, 2, 10, number)).toISOString();
    const order = JSON.parse(request.body);
    state.payments.push({ key, id: `PAY-${number}`, version: 1, status: 'ACCEPTED', changedAt, note: order.note });
    return said(201, { id: `PAY-${number}`, status: 'ACCEPTED' });
  }
  if (path === '/v1/payments') {
    const since = Date.parse(request.query.since);
    const found = state.payments.filter((payment) => Date.parse(payment.changedAt) >= since);
    const from = Number(request.query.after || 0);
    const to = from + Number(request.query.limit);
    return said(200, { payments: found.slice(from, to), next: to < found.length ? String(to) : null });
  }
  const asked = state.payments.find((payment) => path === `/v1/payments/by-key/${payment.key}`);
  return asked ? said(200, { id: asked.id, status: asked.status }) : said(404, { title: 'no such payment' });
}
