// node check.mjs mjml|clients|html: reads {name: document} as JSON, writes {name: [finding, …]}.
import { readFileSync } from "node:fs"
import { doIUseEmail } from "doiuse-email"
import { HtmlValidate } from "html-validate"
import mjml2html from "mjml"

// Those that Can I email knows and that are read in the languages that digest speaks.
const CLIENTS = ["aol", "apple-mail", "fastmail", "gmail", "hey", "outlook", "protonmail", "samsung-email", "thunderbird", "yahoo"]

const standard = new HtmlValidate({
  root: true,
  extends: ["html-validate:standard"],
  rules: {
    "no-deprecated-attr": "off", // mail is laid out in tables, and Outlook obeys only their attributes
    "element-name": ["error", { whitelist: ["xml"] }], // Office's settings
  },
})

/** The document as Outlook on Windows reads it: what is conditional for it is there, what is for others is not. */
const outlook = html =>
  html
    .replace(/<!--\[if !mso[^\]]*\]><!-->.*?<!--<!\[endif\]-->/gs, "")
    .replace(/<!--\[if[^\]]*\]>(.*?)<!\[endif\]-->/gs, "$1")

const faults = html =>
  standard.validateStringSync(html).results.flatMap(result =>
    result.messages.map(({ ruleId, message, offset }) => `${ruleId}: ${message} at ${html.slice(offset, offset + 80)}`))

const CHECKS = {
  mjml: source => {
    try {
      return mjml2html(source, { validationLevel: "strict" }).errors.map(error => error.formattedMessage)
    } catch (error) {
      return error.errors?.map(each => each.formattedMessage) ?? [String(error)]
    }
  },
  // Each as "feature | client | unsupported" or "feature | client | partial".
  clients: html => {
    const { errors, warnings } = doIUseEmail(html, { emailClients: CLIENTS.map(client => `${client}.*`) })
    return [...new Set([...errors, ...warnings].map(said => {
      const [, feature, client] = said.match(/^`(.*)` .* `(.*)`$/)
      return [feature, client, errors.includes(said) ? "unsupported" : "partial"].join(" | ")
    }))]
  },
  html: html => [
    ...faults(html).map(fault => `in a browser: ${fault}`),
    ...faults(outlook(html)).map(fault => `in Outlook: ${fault}`),
  ],
}

const check = CHECKS[process.argv[2]]
const documents = Object.entries(JSON.parse(readFileSync(0, "utf8")))
console.log(JSON.stringify(Object.fromEntries(documents.map(([name, document]) => [name, check(document)]))))
