// Signs requests with the library http-message-signatures and prints them; see scripts/signing-vectors.
// Keys, times and nonces are fixed, and both algorithms give one signature only: the same each time.
const crypto = require('node:crypto');
const { httpbis, createSigner, createVerifier } = require('http-message-signatures');

const privateKey = crypto.createPrivateKey({
  key: Buffer.from('302e020100300506032b657004220420' + '11'.repeat(32), 'hex'),
  format: 'der',
  type: 'pkcs8',
});
const publicKey = crypto.createPublicKey(privateKey);
const secret = Buffer.from('22'.repeat(32), 'hex');
const keyid = '01a206ca05a75c05903f';
const created = 1795406400;

const digest = (name, body) =>
  `${name}=:${crypto.createHash(name.replace('-', '')).update(body).digest('base64')}:`;
const json = '{"userId":"user_123","template":"front-desk"}';
const parts = ['@method', '@authority', '@path', '@query', 'content-digest'];
const whole = ['@method', '@target-uri', 'content-digest'];

const requests = [
  ['POST', 'https://graft.example.com/v1/accounts', json, parts, {}],
  ['POST', 'https://graft.example.com/v1/accounts', json, whole, {}],
  ['POST', 'https://graft.example.com/v1/accounts?a=1&b=%20two&c', json, parts, {}],
  ['POST', 'https://graft.example.com:8443/v1/accounts?a=%C3%A9', json, whole, {}],
  ['POST', 'https://GRAFT.Example.com:443/v1/accounts', json, parts, {}],
  ['POST', 'http://127.0.0.1:3000/v1/plans/plan_1/apply', '', parts, {}],
  ['GET', 'https://graft.example.com/v1/accounts?userId=user%2F1', undefined, parts.slice(0, 4), {}],
  ['DELETE', 'https://graft.example.com/v1/accounts/acc_1', undefined, ['@method', '@target-uri'], {}],
  ['POST', 'https://graft.example.com/', json, [...parts, 'content-type', 'idempotency-key'],
    { 'Content-Type': 'application/json', 'Idempotency-Key': '"8e03978e-40d5-43dd-bc93-6894a57f9324"' }],
  ['POST', 'https://graft.example.com/v1/accounts', json, [...whole, 'x-several', 'x-blanks'],
    { 'X-Several': ['one', 'two, three'], 'X-Blanks': '  in the  middle ' }],
];

async function main() {
  const made = [];
  for (const algorithm of ['ed25519', 'hmac-sha256']) {
    const signs = algorithm === 'ed25519' ? privateKey : secret;
    const verifies = algorithm === 'ed25519' ? publicKey : secret;
    for (const [number, [method, url, body, fields, more]] of requests.entries()) {
      const headers = { ...more };
      if (body !== undefined) {
        headers['Content-Digest'] = digest(number % 2 ? 'sha-512' : 'sha-256', body);
      }
      const params = ['created', 'nonce', 'keyid', ...(number % 3 ? ['alg'] : [])];
      const signed = await httpbis.signMessage(
        {
          key: createSigner(signs, algorithm, keyid),
          fields,
          params,
          paramValues: { created: new Date(created * 1000), nonce: `nonce-number-${algorithm}-${number}` },
        },
        { method, url, headers },
      );
      const verified = await httpbis.verifyMessage(
        { keyLookup: async () => ({ id: keyid, algs: [algorithm], verify: createVerifier(verifies, algorithm) }) },
        signed,
      );
      if (verified !== true) {
        throw new Error(`the library does not verify its own request ${algorithm} ${number}`);
      }
      made.push({ algorithm, method, url, headers: signed.headers, body: body ?? null });
    }
  }
  const file = {
    publicKey: publicKey.export({ format: 'pem', type: 'spki' }),
    secret: secret.toString('base64'),
    keyid,
    created,
    requests: made,
  };
  console.log(JSON.stringify(file, null, 2));
}

main();
