// The tenant's own pages: plain HTML that works in a popup, without scripts, light and dark.
import { BASIC_SCOPES } from "./state.mjs";

const escape = (text) =>
  String(text).replace(/[&<>"']/g, (c) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" })[c]);

const STYLE = `
:root { color-scheme: light dark; --ground: #eef0f4; --card: #fff; --ink: #1b1f29; --soft: #5d6678; --line: #dde1e9; --accent: #3a55d9; --on: #fff; --tint: #eef1fe }
@media (prefers-color-scheme: dark) { :root { --ground: #12141a; --card: #1c2029; --ink: #eceff5; --soft: #9aa3b5; --line: #303644; --accent: #8fa2ff; --on: #12141a; --tint: #262c40 } }
* { box-sizing: border-box }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; padding: 20px; background: var(--ground); color: var(--ink); font: 15px/1.5 system-ui, sans-serif }
main { width: 100%; max-width: 400px; padding: 28px; background: var(--card); border: 1px solid var(--line); border-radius: 16px; box-shadow: 0 12px 40px #0000001a }
h1 { margin: 0 0 6px; font-size: 21px; line-height: 1.3; letter-spacing: -.01em }
p { margin: 0 0 18px; color: var(--soft) }
.badge { display: inline-block; margin-bottom: 16px; padding: 2px 10px; border-radius: 99px; background: var(--tint); color: var(--accent); font-size: 12px; font-weight: 600 }
.row { display: flex; gap: 12px; align-items: center; width: 100% }
.stack { display: grid; gap: 8px; margin: 0 0 18px; padding: 0; list-style: none }
button, input { font: inherit; border-radius: 10px; padding: 10px 14px; border: 1px solid var(--line); background: var(--card); color: var(--ink); min-width: 0 }
button { cursor: pointer; font-weight: 600 }
button:hover { border-color: var(--accent) }
button:focus-visible, input:focus-visible { outline: 3px solid var(--accent); outline-offset: 1px }
button.main { background: var(--accent); border-color: var(--accent); color: var(--on) }
.person { text-align: left; font-weight: 400 }
.person small, li small { display: block; color: var(--soft); overflow-wrap: anywhere }
.face { flex: none; width: 38px; height: 38px; border-radius: 50% }
.grow { flex: 1 }
li.ask { padding: 7px 14px; line-height: 1.4; border: 1px solid var(--line); border-radius: 10px }
footer { margin-top: 20px; padding-top: 14px; border-top: 1px solid var(--line); font-size: 12px; color: var(--soft) }
`;

const page = (title, body, { badge = "Local stand-in" } = {}) => `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>${escape(title)}</title>
<style>${STYLE}</style></head><body><main>
<span class="badge">${escape(badge)}</span>
${body}
<footer>A stand-in on this machine. No account, no password, nothing leaves it.</footer>
</main></body></html>`;

const hue = (name) => [...name].reduce((sum, c) => (sum * 31 + c.codePointAt(0)) % 360, 7);

/** A round picture with the initial of a name. */
export const picture = (name) =>
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 40 40" width="40" height="40"><circle cx="20" cy="20" r="20" fill="hsl(${hue(name)} 48% 46%)"/><text x="20" y="26" font-family="system-ui,sans-serif" font-size="17" font-weight="600" text-anchor="middle" fill="#fff">${escape(name[0].toUpperCase())}</text></svg>`;

const face = (name) =>
  `<img class="face" alt="" src="data:image/svg+xml;base64,${Buffer.from(picture(name)).toString("base64")}">`;

const SCOPES = {
  profile: "See your name and picture",
  email: "See your e-mail address",
  "https://www.googleapis.com/auth/gmail.readonly": "Read your mail",
  "https://www.googleapis.com/auth/gmail.send": "Send mail in your name",
  "https://www.googleapis.com/auth/gmail.compose": "Write and send mail in your name",
  "https://www.googleapis.com/auth/gmail.modify": "Read, write and send mail",
  "https://www.googleapis.com/auth/calendar.readonly": "See your calendar",
  "https://www.googleapis.com/auth/calendar.events.readonly": "See the events of your calendar",
  "https://www.googleapis.com/auth/calendar.events": "See and change the events of your calendar",
  "https://www.googleapis.com/auth/calendar": "See and change your calendar",
};

export const loginPage = ({ state, people, client, hint = "", error }) =>
  page(
    "Log in",
    `
<h1>Who are you today?</h1>
<p>${escape(client.name)} asks you to log in. Choose somebody, or make up a name.</p>
<form method="post" action="/u/login" class="stack"><input type="hidden" name="state" value="${escape(state)}">
${people.map(({ name, display, email }) => `<button class="person row" name="user" value="${escape(name)}" data-testid="login-${escape(name)}">${face(name)}<span class="grow">${escape(display)}<small>${escape(email)}</small></span></button>`).join("\n")}
</form>
<form method="post" action="/u/login" class="row"><input type="hidden" name="state" value="${escape(state)}">
<input class="grow" name="user" value="${escape(hint)}" placeholder="another name" aria-label="another name" required maxlength="40" data-testid="login-name" autocomplete="off">
<button class="main" data-testid="login-go">Continue</button></form>
${error ? `<p role="alert" style="margin:12px 0 0">${escape(error)}</p>` : ""}`,
  );

// What every log-in asks for is one row, so that a popup shows the buttons without scrolling.
const asked = (scopes) => {
  const basic = scopes.filter((scope) => BASIC_SCOPES.includes(scope));
  const others = scopes.filter((scope) => !BASIC_SCOPES.includes(scope));
  const row = (scope) =>
    `<li class="ask" data-scope="${escape(scope)}">${escape(SCOPES[scope] ?? scope)}${SCOPES[scope] ? `<small>${escape(scope)}</small>` : ""}</li>`;
  const first =
    basic.length > 0
      ? `<li class="ask" data-scope="${escape(basic.join(" "))}">Know who you are<small>name, picture, e-mail address</small></li>`
      : "";
  return `<ul class="stack">${first}${others.map(row).join("")}</ul>`;
};

/** Asks for consent. `action`: where Allow and Deny go; `hidden`: the form's hidden fields. */
export const consentPage = ({ action, hidden, person, client, connection, scopes }) =>
  page(
    "Allow access?",
    `
<h1>${escape(client.name)} wants to use your ${connection === "google-oauth2" ? "Google account" : `account at ${escape(connection)}`}</h1>
<div class="row" style="margin:10px 0 16px">${face(person.name)}<span class="grow">${escape(person.display)}<br><small style="color:var(--soft)">${escape(person.email)}</small></span></div>
<p style="margin-bottom:10px">It would be allowed to:</p>
${asked(scopes)}
<form method="post" action="${escape(action)}" class="row">
${Object.entries(hidden)
  .map(([name, value]) => `<input type="hidden" name="${escape(name)}" value="${escape(value)}">`)
  .join("")}
<button class="grow" name="decision" value="deny" data-testid="consent-deny">Deny</button>
<button class="grow main" name="decision" value="allow" data-testid="consent-allow">Allow</button></form>`,
    { badge: connection === "google-oauth2" ? "Local stand-in for Google" : "Local stand-in" },
  );

/** What waits for somebody's decision: requests to the phone (CIBA). */
export const phonePage = (requests) =>
  page(
    "Your phone",
    `
<h1>Your phone</h1>
<p>${requests.length ? "An application asks for your approval." : "Nothing waits for you. Reload when an application has asked."}</p>
${requests
  .map(
    ({
      id,
      person,
      client,
      message,
      scopes,
    }) => `<form method="post" action="/u/phone" class="stack"><input type="hidden" name="id" value="${escape(id)}">
<div class="row">${face(person.name)}<span class="grow">${escape(person.display)}<br><small style="color:var(--soft)">${escape(client.name)}</small></span></div>
<div class="ask" data-testid="phone-message" style="padding:10px 14px;border:1px solid var(--line);border-radius:10px">${escape(message)}<br><small style="color:var(--soft)">${escape(scopes.join(" "))}</small></div>
<div class="row"><button class="grow" name="decision" value="deny" data-testid="phone-deny">Deny</button>
<button class="grow main" name="decision" value="approve" data-testid="phone-approve">Approve</button></div></form>`,
  )
  .join("\n")}`,
  );

export const devicePage = ({ userCode = "", people, error }) =>
  page(
    "Connect a device",
    `
<h1>Connect a device</h1>
<p>Type the code that the device shows, and say who you are.</p>
<form method="post" action="/activate" class="stack">
<input name="user_code" value="${escape(userCode)}" placeholder="ABCD-EFGH" aria-label="code" required maxlength="9" autocomplete="off" data-testid="device-code">
<input name="user" list="people" value="${escape(people[0].name)}" aria-label="name" required maxlength="40" data-testid="device-name">
<datalist id="people">${people.map(({ name }) => `<option value="${escape(name)}">`).join("")}</datalist>
<div class="row"><button class="grow" name="decision" value="deny" data-testid="device-deny">Deny</button>
<button class="grow main" name="decision" value="approve" data-testid="device-approve">Connect</button></div></form>
${error ? `<p role="alert" style="margin:0">${escape(error)}</p>` : ""}`,
  );

export const messagePage = (title, text) =>
  page(title, `<h1>${escape(title)}</h1><p style="margin:0">${escape(text)}</p>`);
