// nodemailer, pooled. `node send_nodemailer.js WAY PEERS.JSON PORT COUNT KEY.PEM`, WAY: ready-made, handlebars, or dkim
// (handlebars, and each message signed).
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const require = createRequire(process.env.PEERS);
const nodemailer = require("nodemailer");
const handlebars = require("handlebars");

const [way, file, port, count, key] = process.argv.slice(2);
const { envelope, ready, templates, people } = JSON.parse(readFileSync(file, "utf8"));
const wires = ready.map((each) => ({ envelope: { from: each.from, to: each.to }, raw: Buffer.from(each.wire) }));
const dkim = { domainName: "harbour.example", keySelector: "rsa", privateKey: readFileSync(key, "utf8") };
const html = handlebars.compile(templates.handlebars.html);
const text = handlebars.compile(templates.handlebars.text, { noEscape: true });

const composed = (person) => ({
  from: envelope.sender,
  to: person.address,
  subject: envelope.subject,
  headers: { "List-Unsubscribe": `<${person.unsubscribe}>`, "List-Unsubscribe-Post": "List-Unsubscribe=One-Click" },
  text: text(person),
  html: html(person),
  textEncoding: "quoted-printable",
});

const pool = nodemailer.createTransport({
  host: "127.0.0.1",
  port: Number(port),
  secure: false,
  ignoreTLS: true,
  pool: true,
  maxConnections: 10,
  maxMessages: Infinity,
  ...(way === "dkim" ? { dkim } : {}),
});

composed(people[0]); // compiles the templates

// Twice as many in hand as there are connections, so that none of them waits and memory stays flat.
let next = 0;
const line = async () => {
  while (next < count) {
    const at = next++;
    await pool.sendMail(way === "ready-made" ? wires[at % wires.length] : composed(people[at % people.length]));
  }
};

const begun = process.hrtime.bigint();
const before = process.cpuUsage();
await Promise.all(Array.from({ length: 20 }, line));
const { user, system } = process.cpuUsage(before);
const seconds = Number(process.hrtime.bigint() - begun) / 1e9;
pool.close();
console.log(JSON.stringify({ messages: Number(count), seconds, cpu: (user + system) / 1e6 }));
