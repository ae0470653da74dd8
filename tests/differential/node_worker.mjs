// Runs sessions of `http` and `fetch`, told as lines of JSON on stdin; answers likewise.
import http from "node:http";
import https from "node:https";
import readline from "node:readline";

const nothing = () => ({ status: 0, reason: "", fields: [], informational: [], trailers: [] });

// Names and values, which Node gives one after the other.
function pairs(raw) {
  return raw.flatMap((name, at) => (at % 2 ? [] : [[name, raw[at + 1]]]));
}

function classOf(error, hasHead) {
  const { code: number = "", message = "" } = error.cause ?? error;
  const code = String(number);
  const unreadable = ["UND_ERR_HEADERS_OVERFLOW", "bad response"];
  if (code.startsWith("HPE_") || unreadable.includes(code) || unreadable.includes(message)) {
    return "malformed";
  }
  if (message === "timed out" || message.includes("due to timeout")) return "timeout";
  if (hasHead) return "truncated";
  if (code === "ECONNRESET" && message !== "socket hang up") return "reset";
  if (code === "ECONNRESET" || code === "UND_ERR_SOCKET" || code === "EPIPE") return "closed";
  return "malformed";
}

function overHttp(job, agent, exchange) {
  return new Promise((resolve) => {
    const answer = nothing();
    const body = [];
    const done = (ending, words = "") => {
      clearTimeout(timer);
      resolve({ ...answer, ending, words, body: Buffer.concat(body).toString("base64") });
    };
    const failed = (error) => {
      done(classOf(error, answer.status !== 0), `${error.code} ${error.message}`);
    };
    const timer = setTimeout(() => request.destroy(new Error("timed out")), job.patience);
    const module = job.tls ? https : http;
    const request = module.request({
      host: job.host,
      port: job.port,
      agent,
      method: exchange.method,
      path: exchange.target,
      headers: exchange.fields.flat(),
    });
    request.on("information", ({ statusCode, rawHeaders }) => {
      if (statusCode !== 100) answer.informational.push([statusCode, pairs(rawHeaders)]);
    });
    request.on("error", failed);
    const head = (response) => {
      answer.status = response.statusCode;
      answer.reason = response.statusMessage;
      answer.fields = pairs(response.rawHeaders);
    };
    request.on("upgrade", (response, socket, first) => {
      head(response);
      body.push(first);
      socket.on("data", (data) => body.push(data));
      socket.on("error", failed);
      socket.on("end", () => (socket.end(), done("complete")));
    });
    request.on("response", (response) => {
      head(response);
      response.on("data", (data) => body.push(data));
      response.on("error", failed);
      response.on("end", () => {
        answer.trailers = pairs(response.rawTrailers);
        done("complete");
      });
    });
    if (exchange.body === null) return request.end();
    const data = Buffer.from(exchange.body, "base64");
    let at = 0;
    for (const size of exchange.chunks.slice(0, 200)) {
      request.write(data.subarray(at, at + size));
      at += size;
    }
    request.end(data.subarray(at));
  });
}

async function overFetch(job, dispatcher, exchange) {
  const answer = nothing();
  const body = [];
  const done = (ending, words = "") => {
    return { ...answer, ending, words, body: Buffer.concat(body).toString("base64") };
  };
  const url = `${job.tls ? "https" : "http"}://${job.host}:${job.port}${exchange.target}`;
  const framing = ["content-length", "transfer-encoding", "host"];
  const headers = exchange.fields.filter(([name]) => !framing.includes(name.toLowerCase()));
  const signal = AbortSignal.timeout(job.patience);
  const options = { method: exchange.method, headers, redirect: "manual", dispatcher, signal };
  if (exchange.body !== null) {
    const data = Buffer.from(exchange.body, "base64");
    // A body of unknown length goes out in chunks.
    options.body = exchange.framing === "chunked" ? new Blob([data]).stream() : data;
    options.duplex = "half";
  }
  try {
    const response = await fetch(url, options);
    answer.status = response.status;
    answer.reason = response.statusText;
    answer.fields = [...response.headers];
    if (response.body) for await (const data of response.body) body.push(data);
    return done("complete");
  } catch (error) {
    const cause = error.cause ?? error;
    return done(classOf(error, answer.status !== 0), `${cause.code} ${cause.message}`);
  }
}

// Something that holds one connection.
function connection(job) {
  if (job.client === "fetch") {
    const Agent = globalThis[Symbol.for("undici.globalDispatcher.1")].constructor;
    return new Agent({ connections: 1 });
  }
  return new (job.tls ? https : http).Agent({ keepAlive: true, maxSockets: 1 });
}

async function run(job) {
  const answers = [];
  let agent = connection(job);
  for (const exchange of job.exchanges) {
    answers.push(await (job.client === "fetch" ? overFetch : overHttp)(job, agent, exchange));
    if (exchange.pause) await new Promise((resolve) => setTimeout(resolve, exchange.pause));
    if (exchange.ends) {
      agent.destroy();
      agent = connection(job);
    }
  }
  agent.destroy();
  process.stdout.write(`${JSON.stringify({ id: job.id, answers })}\n`);
}

// Makes the dispatcher be there.
await fetch("data:,").catch(() => {});
for await (const line of readline.createInterface({ input: process.stdin })) run(JSON.parse(line));
