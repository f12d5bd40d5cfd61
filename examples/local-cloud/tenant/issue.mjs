// Who asks the tenant for tokens, and the tokens it gives.
import { createHash, timingSafeEqual } from "node:crypto";
import { Refusal } from "../service.mjs";
import { nowSeconds, secret, unique, words } from "./state.mjs";

export const refuse = (status, error, text, headers) =>
  new Refusal(status, { error, error_description: text }, headers);

export const same = (a, b) => {
  const [left, right] = [a, b].map((text) =>
    createHash("sha256")
      .update(String(text ?? ""))
      .digest(),
  );
  return timingSafeEqual(left, right);
};

/** The client that asks, its secret checked: in the body or as Basic authorization. */
export const clientOf = ({ state }, { headers, body }) => {
  let { client_id: id, client_secret: password } = body;
  const basic = /^Basic (.+)$/i.exec(headers.authorization ?? "");
  if (basic)
    [id, password] = Buffer.from(basic[1], "base64")
      .toString("utf8")
      .split(/:(.*)/s)
      .map((part) => decodeURIComponent(part));
  const client = state.client(id);
  if (!client || (client.secret && !same(client.secret, password))) throw refuse(401, "access_denied", "Unauthorized");
  return client;
};

/** The tenant's own tokens for a person. `offline`: also a refresh token, if the scope asks for one. */
export const issue = ({ state, keys, issuer }, { client, person, scope, audience, nonce, sid, authTime, offline }) => {
  const scopes = unique(words(scope));
  const iat = nowSeconds();
  const lifetime = state.settings.access_token_seconds;
  const userinfo = `${issuer}userinfo`;
  const openid = scopes.includes("openid");
  const audiences = unique([audience || userinfo, ...(openid ? [userinfo] : [])]);
  const answer = {
    access_token: keys.sign({
      iss: issuer,
      sub: person.sub,
      aud: audiences.length > 1 ? audiences : audiences[0],
      iat,
      exp: iat + lifetime,
      scope: scopes.join(" "),
      jti: secret(),
      azp: client.id,
    }),
    scope: scopes.join(" "),
    expires_in: lifetime,
    token_type: "Bearer",
  };
  if (openid) {
    answer.id_token = keys.sign({
      ...profile(issuer, person, scopes),
      iss: issuer,
      aud: client.id,
      iat,
      exp: iat + 36_000,
      sid,
      ...(authTime ? { auth_time: authTime } : {}),
      ...(nonce ? { nonce } : {}),
    });
  }
  if (offline && scopes.includes("offline_access")) {
    answer.refresh_token = state.refreshTokens.put(secret("v1."), { client, person, scopes, audience, sid });
  }
  return answer;
};

/** The claims about a person that the scopes allow. */
export const profile = (issuer, { sub, name, display, email }, scopes) => ({
  sub,
  ...(scopes.includes("profile")
    ? {
        name: display,
        nickname: name,
        picture: `${issuer}u/picture/${name}.svg`,
        updated_at: "2026-01-01T00:00:00.000Z",
      }
    : {}),
  ...(scopes.includes("email") ? { email, email_verified: true } : {}),
});

/** The person that a verified, unexpired access token of this tenant speaks for. */
export const subjectOf = ({ state, keys, issuer }, token) => {
  const claims = keys.claims(token);
  const person = claims?.iss === issuer && claims.exp > nowSeconds() ? state.personBySub(claims.sub) : undefined;
  return person && { person, claims };
};
