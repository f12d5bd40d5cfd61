#include "api/openapi/docs_page.h"

namespace heddle::api::openapi {

namespace {

// The document comes from this server, and still all of it goes into the page as text, never as markup.
constexpr std::string_view kPage = R"html(<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>heddle API</title>
<style>
:root { color-scheme: light dark; --line: #8884; --soft: #8882; --accent: #3b6fd4; }
* { box-sizing: border-box; }
body { margin: 0; font: 15px/1.5 system-ui, sans-serif; display: grid; grid-template-columns: 17rem 1fr; }
nav { position: sticky; top: 0; height: 100vh; overflow: auto; padding: 1rem; border-right: 1px solid var(--line); }
nav h2 { font-size: .8rem; text-transform: uppercase; letter-spacing: .05em; margin: 1.2rem 0 .3rem; }
nav a { display: block; color: inherit; text-decoration: none; font-size: .85rem; padding: .1rem .3rem; }
nav a:hover, nav a:focus { background: var(--soft); }
main { padding: 1rem 2rem 4rem; max-width: 62rem; min-width: 0; }
section { border-top: 1px solid var(--line); padding: 1rem 0; }
h3 { margin: 0; font-size: 1rem; overflow-wrap: anywhere; }
.verb { display: inline-block; min-width: 4.2rem; font: bold .8rem ui-monospace, monospace; color: var(--accent); }
code, pre, textarea, input { font: .85rem/1.45 ui-monospace, monospace; }
pre { background: var(--soft); padding: .7rem; overflow: auto; margin: .4rem 0; max-height: 26rem; }
table { border-collapse: collapse; margin: .4rem 0; }
td, th { text-align: left; vertical-align: top; padding: .15rem .9rem .15rem 0; font-size: .9rem; }
textarea { width: 100%; min-height: 6rem; }
label { display: block; margin: .3rem 0; }
summary { cursor: pointer; }
button { margin: .4rem 0; padding: .25rem .9rem; }
@media (max-width: 50rem) { body { display: block; } nav { position: static; height: auto; border: 0; } }
</style>
</head>
<body>
<nav aria-label="Operations"></nav>
<main><h1>heddle API</h1><p id="about">Reading the description of the API.</p></main>
<script>
'use strict';
const el = (name, attributes = {}, ...children) => {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
};
const pretty = value => JSON.stringify(value, null, 2);
const typeOf = schema => {
  if (!schema) return 'anything';
  if (schema.$ref) return schema.$ref.split('/').pop();
  if (schema.enum) return schema.enum.map(one => JSON.stringify(one)).join(' | ');
  if (schema.anyOf) return schema.anyOf.map(typeOf).join(' | ');
  if (schema.type === 'array') return 'list of ' + typeOf(schema.items);
  if (schema.format) return schema.format;
  if (schema.type === 'integer' && schema.minimum !== undefined)
    return 'integer ' + schema.minimum + (schema.maximum > 1e18 ? ' or more' : '..' + schema.maximum);
  return schema.type || 'anything';
};
const membersTable = (schema, doc) => {
  const whole = schema.$ref ? doc.components.schemas[schema.$ref.split('/').pop()] : schema;
  if (whole.type === 'array') return membersTable(whole.items, doc);
  if (!whole.properties) return el('p', {}, typeOf(whole) + (whole.description ? '. ' + whole.description : ''));
  const required = whole.required || [];
  const table = el('table');
  for (const [name, member] of Object.entries(whole.properties)) {
    const kind = typeOf(member) + (member.default === undefined ? '' : ', default ' + JSON.stringify(member.default));
    table.append(el('tr', {}, el('td', {}, el('code', {}, name + (required.includes(name) ? ' *' : ''))),
      el('td', {}, kind), el('td', {}, member.description || '')));
  }
  return table;
};
const quoted = text => "'" + text.replaceAll("'", "'\\''") + "'";
const curlOf = (method, url, body) => 'curl -X ' + method.toUpperCase() + ' ' + quoted(url) +
  (body === undefined ? '' : " \\\n  -H 'content-type: application/json' \\\n  -d " + quoted(body));
const tryForm = (method, path, operation, base) => {
  const form = el('form');
  const inputs = [];
  for (const parameter of operation.parameters || []) {
    const input = el('input', {name: parameter.name, autocomplete: 'off'});
    if (parameter.required) input.required = true;
    inputs.push([parameter, input]);
    form.append(el('label', {}, parameter.name + ' ', input));
  }
  let body;
  if (operation.requestBody) {
    body = el('textarea', {'aria-label': 'body', spellcheck: 'false'});
    body.value = pretty(operation.requestBody.content['application/json'].example ?? {});
    form.append(body);
  }
  const token = el('input', {autocomplete: 'off', placeholder: 'optional'});
  form.append(el('label', {}, 'authorization ', token));
  const send = el('button', {}, 'Send');
  const stop = el('button', {type: 'button'}, 'Stop');
  const shown = el('pre', {'aria-live': 'polite'});
  stop.hidden = shown.hidden = true;
  form.append(send, ' ', stop, shown);
  let control;
  stop.onclick = () => control.abort();
  form.onsubmit = async event => {
    event.preventDefault();
    let target = path;
    const query = new URLSearchParams();
    for (const [parameter, input] of inputs) {
      if (parameter.in === 'path') target = target.replace('{' + parameter.name + '}', encodeURIComponent(input.value));
      else if (input.value) query.append(parameter.name, input.value);
    }
    const url = base + target + (query.size ? '?' + query : '');
    control = new AbortController();
    shown.hidden = stop.hidden = false;
    shown.textContent = '';
    try {
      const headers = {};
      if (body) headers['content-type'] = 'application/json';
      if (token.value) headers.authorization = token.value;
      const answer = await fetch(url, {method: method.toUpperCase(), headers, body: body && body.value,
                                       signal: control.signal});
      shown.textContent = answer.status + ' ' + answer.statusText + '\n\n';
      if (answer.body) {
        const decoder = new TextDecoder();
        let raw = '';
        const reader = answer.body.getReader();
        for (let part = await reader.read(); !part.done; part = await reader.read()) {
          const text = decoder.decode(part.value, {stream: true});
          raw += text;
          shown.append(text);
        }
        try { shown.textContent = answer.status + '\n\n' + pretty(JSON.parse(raw)); } catch { /* no JSON: as it came */ }
      }
    } catch (error) {
      shown.append('\n' + error.message);
    }
    stop.hidden = true;
  };
  return form;
};
const operationSection = (method, path, operation, doc, base) => {
  const section = el('section', {id: operation.operationId},
    el('h3', {}, el('span', {class: 'verb'}, method.toUpperCase()), path),
    el('p', {}, operation.summary + '. ' + (operation.description || '')));
  if (operation.parameters) {
    const table = el('table');
    for (const one of operation.parameters)
      table.append(el('tr', {}, el('td', {}, el('code', {}, one.name + (one.required ? ' *' : ''))),
        el('td', {}, one.in), el('td', {}, typeOf(one.schema)), el('td', {}, (one.schema || {}).description || '')));
    section.append(el('h4', {}, 'Parameters'), table);
  }
  let example;
  if (operation.requestBody) {
    const media = operation.requestBody.content['application/json'];
    section.append(el('h4', {}, 'Body: ' + typeOf(media.schema)), membersTable(media.schema, doc));
    example = JSON.stringify(media.example ?? {});
  }
  const answers = el('table');
  for (const [status, answer] of Object.entries(operation.responses)) {
    const media = Object.entries(answer.content || {})[0];
    answers.append(el('tr', {}, el('td', {}, status), el('td', {}, answer.description),
      el('td', {}, media ? (media[0] === 'application/json' ? typeOf(media[1].schema) : media[0]) : '')));
  }
  section.append(el('h4', {}, 'Answers'), answers, el('pre', {}, curlOf(method, location.origin + base + path, example)),
    el('details', {}, el('summary', {}, 'Try it'), tryForm(method, path, operation, base)));
  return section;
};
const schemaSection = (name, schema, doc) => el('section', {id: 'schema-' + name}, el('h3', {}, name),
  schema.description ? el('p', {}, schema.description) : '', membersTable(schema, doc),
  el('details', {}, el('summary', {}, 'JSON Schema'), el('pre', {}, pretty(schema))));
fetch('openapi.json').then(answer => {
  if (!answer.ok) throw new Error('openapi.json: ' + answer.status);
  return answer.json();
}).then(doc => {
  const base = doc.servers[0].url.replace(/\/$/, '');
  const nav = document.querySelector('nav'), main = document.querySelector('main');
  document.getElementById('about').replaceChildren(doc.info.description + ' Version ' + doc.info.version + '. ',
    el('a', {href: 'openapi.json'}, 'openapi.json'));
  for (const tag of doc.tags) {
    nav.append(el('h2', {}, tag.name));
    main.append(el('h2', {}, tag.name), el('p', {}, tag.description));
    for (const [path, methods] of Object.entries(doc.paths)) for (const [method, operation] of Object.entries(methods)) {
      if (!operation.tags.includes(tag.name)) continue;
      nav.append(el('a', {href: '#' + operation.operationId, title: method.toUpperCase() + ' ' + path}, operation.summary));
      main.append(operationSection(method, path, operation, doc, base));
    }
  }
  nav.append(el('h2', {}, 'schemas'));
  main.append(el('h2', {}, 'schemas'));
  for (const [name, schema] of Object.entries(doc.components.schemas)) {
    nav.append(el('a', {href: '#schema-' + name}, name));
    main.append(schemaSection(name, schema, doc));
  }
  if (location.hash) document.getElementById(location.hash.slice(1))?.scrollIntoView();
}).catch(error => { document.getElementById('about').textContent = 'The description cannot be read: ' + error.message; });
</script>
</body>
</html>
)html";

}  // namespace

std::string_view docs_page() {
  return kPage;
}

std::string_view docs_page_policy() {
  return "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'; "
         "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
}

}  // namespace heddle::api::openapi
