// /oauth/token, one function for each kind of grant, and what belongs to it.
import { createHash } from "node:crypto";
import { pollBackchannel } from "./backchannel.mjs";
import { pollDevice } from "./device.mjs";
import { clientOf, issue, profile, refuse, same, subjectOf } from "./issue.mjs";
import {
  ACCESS_TOKEN_TYPE,
  CIBA_GRANT,
  DEVICE_GRANT,
  EXCHANGE_GRANT,
  nowSeconds,
  REFRESH_TOKEN_TYPE,
  secret,
  words,
} from "./state.mjs";

const FEDERATED_TOKEN_TYPE = "http://auth0.com/oauth/token-type/federated-connection-access-token";

const codeGrant = (tenant, client, body) => {
  const known = tenant.state.codes.take(body.code);
  if (!known || known.transaction.client !== client) throw refuse(403, "invalid_grant", "Invalid authorization code");
  const { transaction, person, sid, authTime } = known;
  if (body.redirect_uri !== transaction.redirect_uri)
    throw refuse(403, "invalid_grant", "The redirect_uri is not the one of the authorization");
  if (transaction.code_challenge) {
    const challenge = createHash("sha256")
      .update(String(body.code_verifier ?? ""))
      .digest("base64url");
    if (!same(challenge, transaction.code_challenge))
      throw refuse(403, "invalid_grant", "Failed to verify code verifier");
  }
  const { scope = "openid profile email", audience, nonce } = transaction;
  return issue(tenant, { client, person, scope, audience, nonce, sid, authTime, offline: true });
};

const refreshGrant = (tenant, client, body) => {
  const known = tenant.state.refreshTokens.get(body.refresh_token);
  if (!known || known.client !== client) throw refuse(403, "invalid_grant", "Unknown or invalid refresh token.");
  const { person, sid, scopes } = known;
  return issue(tenant, {
    client,
    person,
    sid,
    scope: body.scope || scopes.join(" "),
    audience: body.audience || known.audience,
  });
};

const machineGrant = (tenant, client, body) => {
  if (!body.audience) throw refuse(403, "access_denied", "Non-global clients are not allowed access to APIv1");
  const iat = nowSeconds();
  const lifetime = tenant.state.settings.access_token_seconds;
  const access_token = tenant.keys.sign({
    iss: tenant.issuer,
    sub: `${client.id}@clients`,
    aud: body.audience,
    iat,
    exp: iat + lifetime,
    gty: "client-credentials",
    azp: client.id,
  });
  return { access_token, expires_in: lifetime, token_type: "Bearer" };
};

const subjectPerson = (tenant, client, { subject_token: token, subject_token_type: type }) => {
  if (!client.subjects.includes(type))
    throw refuse(400, "unauthorized_client", "This client may not exchange a subject token of this type");
  if (type === REFRESH_TOKEN_TYPE) {
    const known = tenant.state.refreshTokens.get(token);
    if (!known || known.client !== client) throw refuse(403, "invalid_grant", "Unknown or invalid refresh token.");
    return known.person;
  }
  const subject = subjectOf(tenant, token);
  if (!subject) throw refuse(401, "invalid_token", "The subject token is not valid or has expired");
  // A token that is for the tenant itself speaks for nobody at another server.
  const foreign = [subject.claims.aud].flat().some((one) => !one.startsWith(tenant.issuer));
  if (!foreign) throw refuse(401, "invalid_token", "The subject token is not for the API of this client");
  return subject.person;
};

const exchangeGrant = (tenant, client, body) => {
  const { state } = tenant;
  if (![REFRESH_TOKEN_TYPE, ACCESS_TOKEN_TYPE].includes(body.subject_token_type))
    throw refuse(400, "invalid_request", "subject_token_type is missing or not supported");
  if (!body.subject_token) throw refuse(400, "invalid_request", "subject_token is missing");
  if (!body.connection) throw refuse(400, "invalid_request", "connection is missing");
  if (body.requested_token_type !== FEDERATED_TOKEN_TYPE)
    throw refuse(400, "invalid_request", "requested_token_type is missing or not supported");
  const person = subjectPerson(tenant, client, body);
  const grant = state.grant(person, body.connection);
  const hint = body.login_hint;
  if (!grant || (hint && ![person.email, person.sub, person.name].includes(hint))) {
    throw refuse(
      401,
      "federated_connection_refresh_token_not_found",
      "No tokens are kept for this user, connection and login_hint.",
    );
  }
  if (grant.broken)
    throw refuse(401, "federated_connection_refresh_token_flow_failed", "The connection refused to renew the token.");
  const seconds = state.settings.third_party_token_seconds;
  const scopes = grant.scopes;
  const access_token = state.thirdPartyTokens.put(secret("ya29.local-"), {
    person,
    scopes,
    grant,
    expires: Date.now() + seconds * 1000,
  });
  return {
    access_token,
    scope: scopes.join(" "),
    expires_in: seconds,
    issued_token_type: FEDERATED_TOKEN_TYPE,
    token_type: "Bearer",
  };
};

const GRANTS = {
  authorization_code: codeGrant,
  refresh_token: refreshGrant,
  client_credentials: machineGrant,
  [EXCHANGE_GRANT]: exchangeGrant,
  [CIBA_GRANT]: pollBackchannel,
  [DEVICE_GRANT]: pollDevice,
};

export const tokenRoutes = (tenant) => {
  const form = (request) => {
    if (typeof request.body !== "object" || request.body === null)
      throw refuse(400, "invalid_request", "The body is neither a form nor a JSON object");
    return request.body;
  };

  const token = (request) => {
    const body = form(request);
    const grant = GRANTS[body.grant_type];
    if (!grant) throw refuse(400, "unsupported_grant_type", `Unsupported grant type: ${body.grant_type}`);
    const client = clientOf(tenant, request);
    if (!client.grants.includes(body.grant_type))
      throw refuse(400, "unauthorized_client", `Grant type '${body.grant_type}' not allowed for the client.`);
    return { json: grant(tenant, client, body) };
  };

  const revoke = (request) => {
    const { token: one } = form(request);
    const client = clientOf(tenant, request);
    if (tenant.state.refreshTokens.get(one)?.client === client) tenant.state.refreshTokens.take(one);
    return { json: {} };
  };

  const userinfo = ({ headers }) => {
    const subject = subjectOf(tenant, /^Bearer (.+)$/i.exec(headers.authorization ?? "")?.[1]);
    const forUs = subject && [subject.claims.aud].flat().includes(`${tenant.issuer}userinfo`);
    if (!forUs)
      throw refuse(401, "invalid_token", "Unauthorized", { "www-authenticate": 'Bearer error="invalid_token"' });
    return { json: profile(tenant.issuer, subject.person, words(subject.claims.scope)) };
  };

  return [
    ["POST", "/oauth/token", token],
    ["POST", "/oauth/revoke", revoke],
    ["GET", "/userinfo", userinfo],
    ["POST", "/userinfo", userinfo],
  ];
};
